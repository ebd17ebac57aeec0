#!/bin/sh
# SHA-256 of every file under a tree, by KWQ, with the server killed three times and a worker twice
# on the way. Exits 0 only if nothing was lost, nothing counted twice and every sum is right.
#   examples/checksums/run.sh [TREE]      (default: /usr/share)
# The program is $KWQ_BIN, else the one in build/release or build/dev.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
for program in "${KWQ_BIN:-}" "$root/build/release/src/app/kwq" "$root/build/dev/src/app/kwq" \
    "$root/build/ci/src/app/kwq"; do
    if [ -n "$program" ] && [ -x "$program" ]; then
        exec python3 -B "$here/checksums.py" --kwq "$program" "${1:-/usr/share}"
    fi
done
echo "run.sh: no kwq program: set KWQ_BIN, or build one with make run" >&2
exit 2
