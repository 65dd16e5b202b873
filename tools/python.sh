#!/usr/bin/env bash
# The Python of the launch scripts; sourced by them.
# $PYTHON, then the active environment, then .venv of the repository, then python3.
if [ -z "${PYTHON:-}" ]; then
    for folder in "${VIRTUAL_ENV:-}" "${CONDA_PREFIX:-}" "$here/../.venv"; do
        if [ -n "$folder" ] && [ -x "$folder/bin/python" ]; then
            PYTHON=$folder/bin/python
            break
        fi
    done
fi
python=${PYTHON:-python3}
