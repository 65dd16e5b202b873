#!/usr/bin/env bash
# Train on several processes: one per GPU, or on CPU cores where there is no GPU.
# Usage: tools/dist_train.sh CONFIG NUM_PROCESSES [arguments of tools/train.py]
# On machines that may be taken away: --requeue goes on from the newest checkpoint there is.
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR (and MASTER_PORT) on each of them.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG NUM_PROCESSES [arguments of tools/train.py]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/launch.sh" "$here/train.py" "$2" "$1" "${@:3}"
