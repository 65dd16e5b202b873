#!/usr/bin/env bash
# Train under Slurm.
# Usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=16] [SRUN_ARGS=...] \
#     tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
# On machines that may be taken away: --requeue submits a batch job instead ([SBATCH_ARGS=...]
# [SECONDS_BEFORE_END=120]), which saves when it is told, is queued again and goes on.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG [arguments of tools/train.py]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/slurm_launch.sh" "$here/train.py" "$@"
