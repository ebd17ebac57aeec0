#!/bin/sh
# The SHA-256 of the file that the task on stdin names, as a JSON string: what `kwq work` runs.
# Payload: {"path": "…"}, or {"path_base64": "…"} when the name is not UTF-8.
# meta.fail_first and meta.slow_s make a first attempt fail or take long, for the proof in run.sh.
set -u
IFS= read -r payload || [ -n "$payload" ] || exit 65

path=
case $payload in
    *\\*) ;;
    '{"path":"'*'"}')
        path=${payload#'{"path":"'}
        path=${path%'"}'}
        ;;
esac
if [ -z "$path" ]; then
    # Escapes, or bytes: rare. A dot keeps a newline at the end of a name from being cut off.
    path=$(printf '%s' "$payload" | python3 -c '
import base64, json, os, sys
task = json.load(sys.stdin)
name = base64.b64decode(task["path_base64"]) if "path_base64" in task else os.fsencode(task["path"])
sys.stdout.buffer.write(name + b".")') || exit 65
    path=${path%.}
fi

if [ "$KWQ_ATTEMPT" = 1 ]; then
    if [ -n "${KWQ_META_FAIL_FIRST:-}" ]; then
        echo "a first attempt that fails on purpose" >&2
        exit 1
    fi
    [ -z "${KWQ_META_SLOW_S:-}" ] || sleep "$KWQ_META_SLOW_S"
fi

sum=$(sha256sum <"$path") || exit 1
printf '"%s"\n' "${sum%% *}"
