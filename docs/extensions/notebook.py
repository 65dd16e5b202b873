#!/usr/bin/env python3
"""Execute docs/quickstart.ipynb and store its outputs: ``python docs/extensions/notebook.py``.

It uses the model that ``make demo`` leaves, or that of ``ARGUS_QUICKSTART_MODEL``.
"""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs/quickstart.ipynb"
TIMEOUT_S = 600


def execute(folder: Path) -> nbformat.NotebookNode:
    """Run every cell.

    Args:
        folder: Working folder of the notebook's Python; it writes ``work_dirs/`` there.

    Returns:
        The notebook with its outputs, without times and versions, which change with every run.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        resources=dict(metadata=dict(path=str(folder))),
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    client.execute(env=os.environ | {"PYTHONPATH": path})
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


if __name__ == "__main__":
    nbformat.write(execute(ROOT), NOTEBOOK)
