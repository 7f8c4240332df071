#!/bin/sh
# Installs Aniworld in an ARMv7 userland of Debian, as on a Raspberry Pi with 32 bits, from wheels
# alone, and starts its demo there: try-armv7.sh FOLDER. Run as root, by hand: it downloads some
# 300 MB and takes minutes. It needs debootstrap and qemu-user-static with its binfmt.
set -eu
root="${1:?usage: try-armv7.sh FOLDER}"
here=$(cd "$(dirname "$0")/.." && pwd)
port="${ANIWORLD_PORT:-8017}"

[ -e "$root/etc/debian_version" ] ||
    debootstrap --arch=armhf --variant=minbase --include=python3,python3-venv,ca-certificates \
        bookworm "$root"
mkdir -p "$root/source"
tar -C "$here" --exclude=.git --exclude=.venv --exclude=.ci/parts -cf - . | tar -C "$root/source" -xf -
cp /etc/resolv.conf "$root/etc/resolv.conf"
# Authorities and proxies of this machine count in there too.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

inside() { # inside COMMAND...: in the userland, with a clean environment
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt "https_proxy=${https_proxy:-}" "$@"
}

inside uname -m
inside sh -c 'python3 -m venv /opt/aniworld &&
    /opt/aniworld/bin/pip wheel -q --no-deps -w /wheels /source &&
    /opt/aniworld/bin/pip install --only-binary :all: /wheels/*.whl'
inside sh /source/deploy/slim.sh /opt/aniworld
du -sh "$root/opt/aniworld"
inside /opt/aniworld/bin/aniworld-server --demo --port "$port" &
server=$!
trap 'kill "$server"' EXIT
for _ in $(seq 120); do
    sleep 1
    inside python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:$port/health').read().decode())" 2>/dev/null && exit 0
done
echo "the server did not answer" >&2
exit 1
