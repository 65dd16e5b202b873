#!/usr/bin/env bash
# Evaluate on several processes; the numbers are those of one process.
# Usage: tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [arguments of tools/test.py]
#        tools/dist_test.sh MODEL NUM_PROCESSES [arguments of tools/test.py]
set -euo pipefail
subject=("${1:-}")
if [ ! -d "${1:-}" ]; then # MODEL is a folder, and has its own weights
    subject+=("${2:-}")
fi
shift "$(($# < ${#subject[@]} ? $# : ${#subject[@]}))"
if [ $# -lt 1 ]; then
    echo "usage: $0 CONFIG CHECKPOINT NUM_PROCESSES [arguments of tools/test.py]" >&2
    echo "       $0 MODEL NUM_PROCESSES [arguments of tools/test.py]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/launch.sh" "$here/test.py" "$1" "${subject[@]}" "${@:2}"
