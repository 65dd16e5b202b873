"""The notebook of the five-minute start: it runs, and what is stored of it can be shown."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from docs.extensions.notebook import NOTEBOOK, execute

MAX_BYTES = 600_000


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def stored() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_notebook__runs_on_any_model(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGUS_QUICKSTART_MODEL", str(tiny_model_folder))
    notebook = execute(tmp_path)
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    pictures = [o for o in outputs if "image/jpeg" in o.get("data", {})]
    assert len(pictures) == 2
    assert (tmp_path / "work_dirs/quickstart/answers/sheet.png").is_file()
    printed = [output.text for output in outputs if output.output_type == "stream"]
    assert re.search(r"^\d+\.\d\d m at row 100, column 40", "".join(printed), re.M)
    assert "anomaly" in printed[0], "the list of tasks"


def test_notebook__is_stored_with_the_outputs_of_a_trained_model(stored: Any) -> None:
    numbers = [cell.execution_count for cell in code_cells(stored)]
    assert numbers == list(range(1, len(numbers) + 1)), "run in order, from the start"
    outputs = [output for cell in code_cells(stored) for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert sum("image/jpeg" in o.get("data", {}) for o in outputs) == 2
    # Random weights see no person; the trained model does.
    texts = [output.text for output in outputs if output.output_type == "stream"]
    assert re.search(r"^person +0\.[4-9]", "".join(texts), re.M)


def test_notebook__is_small_and_names_no_machine(stored: Any) -> None:
    assert NOTEBOOK.stat().st_size < MAX_BYTES
    for cell in stored.cells:
        for text in [cell.source, *(str(o.get("text", "")) for o in cell.get("outputs", []))]:
            assert not re.search(r"(?<![\w.])/(?:tmp|home|root|work|usr)/", text)
