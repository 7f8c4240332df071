#!/bin/sh
# Starts Aniworld in its container. As root it becomes the user PUID of the group PGID first; with
# `--user` it stays who it is. `health` asks the running server how it is, for HEALTHCHECK.
set -eu

config="${ANIWORLD_DATA_DIR:-/config}"

refuse() {
    echo "aniworld: $1" >&2
    exit 1
}

number() { # number NAME VALUE
    case "$2" in
        '' | *[!0-9]*) refuse "$1 is '$2', and has to be a number" ;;
    esac
}

health() {
    exec python3 -c '
import json, os, urllib.request
host = os.environ.get("ANIWORLD_HOST") or "127.0.0.1"
host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
host = f"[{host}]" if ":" in host else host
port = os.environ.get("ANIWORLD_PORT") or "8000"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(f"http://{host}:{port}/health", timeout=8) as answer:
    print(json.load(answer)["status"])
'
}

[ "${1:-}" != health ] || health
case "${1:-}" in
    '' | -*) set -- aniworld-server "$@" ;; # options alone
    doctor | names | reset-password | catalogue) set -- aniworld-server "$@" ;;
esac

umask_wanted="${UMASK:-002}"
case "$umask_wanted" in
    '' | *[!0-7]*) refuse "UMASK is '$umask_wanted', and has to be octal, such as 002" ;;
esac
umask "$umask_wanted"

# The two folders of a new installation. Later ones that are missing are a disk that is not there.
make_folders() { # make_folders [COMMAND...]: the command runs mkdir as the right user
    [ ! -e "$config/aniworld.db" ] || return 0
    for folder in "${ANIWORLD_ANIME_DIRECTORY:-}" "${ANIWORLD_DOWNLOAD_DIRECTORY:-}"; do
        case "$folder" in
            /data/*)
                [ -d "$folder" ] || "$@" mkdir -p "$folder" ||
                    echo "aniworld: $folder cannot be made: let user $(id -u) write to /data," \
                        "or set PUID and PGID to its owner" >&2
                ;;
        esac
    done
}

if [ "$(id -u)" != 0 ]; then
    make_folders
    exec "$@"
fi

user="${PUID:-1000}"
group="${PGID:-1000}"
number PUID "$user"
number PGID "$group"
become="setpriv --reuid=$user --regid=$group --clear-groups --inh-caps=-all --no-new-privs"

# What lies in the folder of the state is ours. The folders of media are never given to anybody.
find "$config" \( ! -user "$user" -o ! -group "$group" \) -exec chown -h "$user:$group" {} + ||
    echo "aniworld: not all of $config can be given to user $user" >&2
if [ "$(stat -c %u "$config")" = "$user" ]; then
    chmod go-w "$config" 2>/dev/null || true
fi
# A new volume at /data that Docker itself has made belongs to root; one with files is the owner's.
if [ -d /data ] && [ "$(stat -c %u /data)" = 0 ] && [ -z "$(ls -A /data)" ]; then
    chown "$user:$group" /data 2>/dev/null || true
fi
# shellcheck disable=SC2086 # a command and its arguments
make_folders $become
# shellcheck disable=SC2086
exec $become "$@"
