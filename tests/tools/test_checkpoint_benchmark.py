"""tools/benchmarks/checkpoints.py as a user calls it."""

from pathlib import Path

import pytest

from tools.benchmarks import checkpoints


def test_benchmark__times_every_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--megabytes", "5", "--folder", str(tmp_path)])
    checkpoints.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(rows) == 8 and rows[0].startswith("| 5 MB, ")
    assert all(float(row.split("|")[2]) >= 0 for row in rows[1:])
    assert list(tmp_path.iterdir()) == []


def test_benchmark__no_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--megabytes", "0"])
    with pytest.raises(SystemExit):
        checkpoints.main()
    assert "expected at least 1, found 0" in capsys.readouterr().err
