#!/usr/bin/env bash
# Proves the README's promise: on a bare Debian 12 with git, make and ca-certificates, `make run` ends in a server that
# answers and `make test` passes. It makes such a machine with debootstrap in a folder, clones this repository's last
# commit into it, and runs both commands there in a chroot.
#
#   sudo tests/fresh-machine/run.sh [setup|run|test]     how far to go; without a word: all the way
#
# Needs root, the packages debootstrap and util-linux, 6 GB under $FRESH_DIR (else $TMPDIR, else the usual place), and the machine's own way to a
# Debian mirror: its apt settings, name service, certificates and npm settings are copied into the new root.
# KEEP=1 leaves the root there for a look; KWQ_PORT chooses the server's port (18080).
# All mounts live in a private mount namespace and all processes in a private process namespace, so that both are gone
# when it ends, however it ends.
set -euo pipefail

until=${1:-test}
repository=$(cd "$(dirname "$0")/../.." && pwd)
port=${KWQ_PORT:-18080}

say() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }
fail() {
    echo "fresh-machine: $*" >&2
    exit 1
}

# Outside: make the folder, run the rest of this script in its own namespaces, clean up.
if [ -z "${FRESH_ROOT:-}" ]; then
    [ "$(id -u)" -eq 0 ] || fail "a chroot needs root: run it with sudo"
    for tool in debootstrap unshare; do
        command -v "$tool" >/dev/null || fail "needs $tool: apt-get install -y debootstrap util-linux"
    done
    FRESH_ROOT=$(TMPDIR=${FRESH_DIR:-${TMPDIR:-}} mktemp -d)
    chmod 755 "$FRESH_ROOT"  # apt fetches as a user of its own
    export FRESH_ROOT
    cleanup() {
        if [ -n "${KEEP:-}" ]; then
            echo "fresh-machine: kept $FRESH_ROOT"
        else
            rm -rf --one-file-system "$FRESH_ROOT"
        fi
    }
    trap cleanup EXIT
    trap 'exit 130' INT TERM
    unshare --mount --pid --fork --kill-child "$0" "$until"
    exit $?
fi

root=$FRESH_ROOT
in_root() { # command...
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        ${no_proxy:+no_proxy="$no_proxy"} ${npm_config_registry:+npm_config_registry="$npm_config_registry"} \
        chroot "$root" "$@"
}

mirror() { # the host's own main mirror, else Debian's
    local found
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n -E 's/^(URIs:|deb( \[[^]]*\])?) +(https?:[^ ]*debian\/?)( .*)?$/\3/p' | head -n 1)
    echo "${found:-http://deb.debian.org/debian}"
}

make_root() {
    say "a bare Debian 12"
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$(mirror)" \
        >"$root.debootstrap.log" 2>&1 || {
        tail -n 20 "$root.debootstrap.log"
        fail "debootstrap failed"
    }
    rm -f "$root.debootstrap.log"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mkdir -p "$root/mnt/repository"
    mount --bind -o ro "$repository" "$root/mnt/repository"
}

copy_settings() {
    local file
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    rm -f "$root/etc/apt/sources.list"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/apt.conf; do
        if [ -f "$file" ]; then cp "$file" "$root$file"; fi
    done
    # Settings of how to reach a mirror; hooks that clean up after containers stay behind.
    for file in $(grep -lsE '^Acquire' /etc/apt/apt.conf.d/* || true); do cp "$file" "$root$file"; done
    if [ ! -s "$root/etc/apt/sources.list" ] && [ ! -f "$root/etc/apt/sources.list.d/debian.sources" ]; then
        echo "deb $(mirror) bookworm main" >"$root/etc/apt/sources.list"
    fi
    cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || true
    in_root update-ca-certificates >/dev/null 2>&1
    if [ -f /etc/npmrc ]; then cp /etc/npmrc "$root/etc/"; fi
    # Nobody needs this root after a power cut.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

answers() { # url host-and-port path: is there a 200?
    local line
    exec 3<>"/dev/tcp/${1%:*}/${1#*:}" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
    IFS= read -r -t 5 line <&3 || true
    exec 3<&- 3>&-
    [[ ${line:-} == "HTTP/1.1 200"* ]]
}

server_pid() { # by the program it runs, looked up among this namespace's processes only
    local process
    for process in "$root"/proc/[0-9]*; do
        if [[ $(readlink "$process/exe") == */build/release/src/app/kwq ]]; then
            echo "${process##*/}"
            return
        fi
    done
    fail "no server process is there"
}

run_server() {
    say "make run"
    local log="$root/srv/make-run.log" make server deadline=$((SECONDS + 1800))
    in_root env KWQ_PORT="$port" make -C /srv/kwq run >"$log" 2>&1 &
    make=$!
    until answers "127.0.0.1:$port" /readyz 2>/dev/null; do
        kill -0 "$make" 2>/dev/null || { tail -n 40 "$log"; fail "make run ended before its server answered"; }
        [ "$SECONDS" -lt "$deadline" ] || { tail -n 40 "$log"; fail "the server did not answer in time"; }
        sleep 1
    done
    tail -n 8 "$log"
    grep -q "http://127.0.0.1:$port" "$log" || fail "make run did not print its URL"
    ! grep -A 2 "is left out" "$log" || fail "make run built a server without one of its pages"
    say "the server answers at http://127.0.0.1:$port"
    server=$(server_pid)
    kill -TERM "$server"
    wait "$make" || { tail -n 20 "$log"; fail "the server did not stop cleanly on SIGTERM"; }
}

mount --make-rprivate /
make_root
copy_settings
in_root git config --global --add safe.directory '*'
in_root git clone -q file:///mnt/repository /srv/kwq
case "$until" in
    setup)
        say "scripts/setup"
        in_root /srv/kwq/scripts/setup run test sanitize package >"$root/srv/setup.log" 2>&1 ||
            { tail -n 40 "$root/srv/setup.log"; fail "set-up failed"; }
        in_root /srv/kwq/scripts/setup run test sanitize package
        ;;
    run) run_server ;;
    test)
        run_server
        say "make test"
        in_root make -C /srv/kwq test
        ;;
    *) fail "unknown step '$until': setup, run or test" ;;
esac
say "passed: $until"
