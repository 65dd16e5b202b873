"""The notebook of the five-minute start: it runs, and what is stored of it can be shown."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.display import Image

import argus
from docs.extensions import notebook
from docs.extensions.notebook import NOTEBOOK

MAX_BYTES = 600_000


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def stored() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """The value of the last line, if it is an expression, as Jupyter shows it."""
    tree = ast.parse(source.removeprefix("%%capture\n"))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def test_notebook__runs_on_any_model(
    stored: Any,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In this process: another one takes seconds to import the libraries."""
    monkeypatch.setenv("ARGUS_QUICKSTART_MODEL", str(tiny_model_folder))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    values = [run_cell(cell.source, names) for cell in code_cells(stored)]
    assert all(map(repr, values))
    assert sum(isinstance(value, Image) for value in values) == 2
    assert (tmp_path / "work_dirs/quickstart/answers/sheet.png").is_file()
    printed = capsys.readouterr().out
    assert re.search(r"^\d+\.\d\d m at row 100, column 40", printed, re.M)
    assert re.search("^anomaly +", printed, re.M), "the list of tasks"


def test_execute__in_a_folder_with_argus_and_without_what_changes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = "import argus\nfrom pathlib import Path\nPath('made').touch()\nargus.__file__"
    short = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbformat.write(short, tmp_path / "short.ipynb")
    monkeypatch.setattr(notebook, "NOTEBOOK", tmp_path / "short.ipynb")
    found = notebook.execute(tmp_path)
    assert (tmp_path / "made").exists()
    (output,) = found.cells[0].outputs
    assert output.data["text/plain"] == repr(argus.__file__)
    assert "execution" not in found.cells[0].metadata
    assert "version" not in found.metadata["language_info"]


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
