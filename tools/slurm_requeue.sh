#!/usr/bin/env bash
# Run a command in a Slurm batch job; if it was asked to stop and has saved, queue the job again.
set -uo pipefail
trap : TERM USR1 # for the command, whose end is waited for
stopped=75 # exit status of a training that can go on
bash "$@"
status=$?
if [ "$status" = "$stopped" ]; then
    exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
