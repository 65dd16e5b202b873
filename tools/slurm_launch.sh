#!/usr/bin/env bash
# Start a Python tool as a Slurm job step, one task per GPU; with --requeue among its arguments, as a
# batch job that comes back after its machine was taken away.
# Usage: tools/slurm_launch.sh TOOL PARTITION JOB_NAME [arguments of the tool]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
call=("$here/slurm_launch.sh" "$@")
tool=$1
partition=$2
job_name=$3
shift 3
# shellcheck source=tools/python.sh
. "$here/python.sh"
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-8}
if [ "$gpus" -lt "$per_node" ]; then per_node=$gpus; fi
shape=(-p "$partition" --job-name="$job_name" --gres="gpu:$per_node" --ntasks="$gpus"
    --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-16}")
starter=srun
case " $* " in *" --requeue "*) if [ -z "${SLURM_JOB_ID:-}" ]; then starter=sbatch; fi ;; esac
if ! command -v "$starter" >/dev/null; then
    echo "$starter is not on this machine: start from a Slurm login node, or use" \
        "tools/dist_train.sh" >&2
    exit 2
fi
if [ "$starter" = sbatch ]; then
    # The tasks are told some time before the end: a step and a checkpoint have to fit in.
    # shellcheck disable=SC2086
    exec sbatch "${shape[@]}" --requeue --open-mode=append \
        --signal="USR1@${SECONDS_BEFORE_END:-120}" ${SBATCH_ARGS:-} \
        --wrap "$(printf '%q ' bash "$here/slurm_requeue.sh" "${call[@]}")"
fi
# shellcheck disable=SC2086
exec srun "${shape[@]}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} bash "$here/slurm_step.sh" "$python" -u "$tool" "$@" --launcher slurm
