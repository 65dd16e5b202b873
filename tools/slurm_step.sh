#!/usr/bin/env bash
# Run a command as a task of a Slurm job step, on a port of the job's own.
# Two jobs on one node would meet at a fixed port; the job's number is known inside the job only.
set -euo pipefail
export MASTER_PORT=${MASTER_PORT:-$((20000 + ${SLURM_JOB_ID:-0} % 20000))}
exec "$@"
