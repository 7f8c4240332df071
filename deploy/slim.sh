#!/bin/sh
# Remove from an installed program what no server needs: slim.sh VENV
set -eu
packages=$(echo "$1"/lib/python3*/site-packages)
cd "$packages"
# Of the viewers of the API three files are served, the others are their larger forms.
find offapi -type f ! -name '*.py' ! -name swagger_bundle.js ! -name swagger_style.css \
    ! -name redoc.js ! -iname '*license*' ! -iname '*notice*' -delete
# The sources of compiled modules.
find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' -o -name '*.pyi' \) \
    -delete
# What debuggers read in them.
if command -v strip >/dev/null; then
    find . -type f -name '*.so' -exec strip --strip-unneeded {} +
fi
