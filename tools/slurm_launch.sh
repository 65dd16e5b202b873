#!/usr/bin/env bash
# Start a Python tool as a Slurm job step, one task per GPU.
# Usage: tools/slurm_launch.sh TOOL PARTITION JOB_NAME [arguments of the tool]
set -euo pipefail
tool=$1
partition=$2
job_name=$3
shift 3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/python.sh
. "$here/python.sh"
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-8}
if [ "$gpus" -lt "$per_node" ]; then per_node=$gpus; fi
if ! command -v srun >/dev/null; then
    echo "srun is not on this machine: start from a Slurm login node, or use tools/dist_train.sh" >&2
    exit 2
fi
# shellcheck disable=SC2086
exec srun -p "$partition" --job-name="$job_name" --gres="gpu:$per_node" --ntasks="$gpus" \
    --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-16}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} bash "$here/slurm_step.sh" "$python" -u "$tool" "$@" --launcher slurm
