#!/usr/bin/env bash
# Start a Python tool in several processes with torchrun.
# Usage: tools/launch.sh TOOL NUM_PROCESSES [arguments of the tool]
set -euo pipefail
tool=$1
processes=$2
shift 2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/python.sh
. "$here/python.sh"
case $processes in
    '' | *[!0-9]* | 0)
        echo "NUM_PROCESSES must be a number of at least 1, got '$processes'" >&2
        exit 2
        ;;
esac
where=(--standalone)
if [ "${NNODES:-1}" != 1 ]; then
    where=(--nnodes "$NNODES" --node_rank "${NODE_RANK:?set NODE_RANK on every machine}"
        --master_addr "${MASTER_ADDR:?set MASTER_ADDR to the first machine}"
        --master_port "${MASTER_PORT:-29500}")
fi
# With as many processes as cores, more threads per process only wait for each other.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} MKL_NUM_THREADS=${MKL_NUM_THREADS:-1}
exec "$python" "$here/launch.py" "${where[@]}" --nproc_per_node "$processes" \
    "$tool" "$@" --launcher pytorch
