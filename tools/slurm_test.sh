#!/usr/bin/env bash
# Evaluate under Slurm.
# Usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=16] [SRUN_ARGS=...] \
#     tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of tools/test.py]
#     with the folder of a merged model in place of CONFIG CHECKPOINT
set -euo pipefail
if [ $# -lt 3 ] || { [ $# -lt 4 ] && [ ! -d "$3" ]; }; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of tools/test.py]" >&2
    echo "       $0 PARTITION JOB_NAME MODEL [arguments of tools/test.py]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/slurm_launch.sh" "$here/test.py" "$@"
