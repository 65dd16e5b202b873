"""``tools/ablate.py`` with real trainings: the numbers of the table are those of tools/test.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from argus.commands.main import main as argus_main
from tests.toy import write_config
from tools import ablate


class InThisProcess:
    """Stands for ``Children``; another process takes seconds to import the libraries."""

    def __init__(self, **settings: Any) -> None:
        self.statuses: list[int] = []

    def call(self, words: list[str], *, console: Path) -> int:
        console.touch()
        with pytest.raises(SystemExit) as end:
            argus_main(words)
        return int(end.value.code or 0)


def test_ablate__trains_tests_and_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path / "toy.py")
    (tmp_path / "list.yaml").write_text(
        f"title: Toy\nrows:\n  - {{name: main, config: {config}, options: train_cfg.max_iters=1}}\n"
        f"  - {{name: gone, config: {tmp_path}/nowhere.py}}\n"
    )
    monkeypatch.setattr("argus.ablation.children.Children", InThisProcess)
    words = ["ablate.py", str(tmp_path / "list.yaml"), "--work-dir", str(tmp_path / "work")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as end:
        ablate.main()
    assert end.value.code == 1, "one row has failed"
    results = json.loads((tmp_path / "work/main/seed_0/results.json").read_text())
    table = json.loads((tmp_path / "work/table.json").read_text())
    cells = table["rows"][0]["results"]
    assert {n: cell["mean"] for n, cell in cells.items()} == {n: results[n] for n in cells}
    assert "nowhere.py does not exist" in table["failed"]["gone, seed 0"]
    markdown = (tmp_path / "work/table.md").read_text()
    assert markdown in capsys.readouterr().out

    monkeypatch.setattr("argus.ablation.children.Children", None)  # nothing is run for --table
    monkeypatch.setattr("sys.argv", [*words, "--table", "--rows", "main"])
    with pytest.raises(SystemExit) as end:
        ablate.main()
    assert end.value.code == 0
    assert (tmp_path / "work/table.md").read_text().splitlines()[4] == markdown.splitlines()[4]
