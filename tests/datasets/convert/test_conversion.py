import fcntl
import functools
import os
from pathlib import Path

import pytest

from argus.datasets.convert.archives import extract
from argus.datasets.convert.conversion import Converter, Count, Options, run, summary
from argus.datasets.convert.published import PUBLISHED, PublishedCount
from argus.datasets.convert.whole_files import list_names
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, times, write_tree


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    two = PublishedCount(number=2, source="the author")
    for name in ("toy", "other"):
        monkeypatch.setitem(PUBLISHED, name, {"texts": two})


def toy(name: str = "toy", excludes: tuple[str, ...] = ()) -> Converter:
    def convert(source: Path, out: Path, options: Options) -> None:
        extract(source, out, lambda m: m.name if m.name.endswith(".txt") else None, title="toy")

    def count(out: Path) -> dict[str, int]:
        return {"texts": len(list_names(out, ".txt"))}

    return Converter(name, "Toy data", "data/toy", "  toy.zip", convert, count, excludes)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "source", {"a.txt": b"a", "b.txt": b"b", "c.png": b"c"})


def test_run__second_run_does_nothing(source: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    counts = run(toy(), source, out, Options())
    assert counts == [Count("texts", 2, 2)]
    assert read_tree(out) == {"a.txt": b"a", "b.txt": b"b"}
    before = times(out)
    assert run(toy(), source, out, Options()) == counts
    assert "up to date" in capsys.readouterr().out
    assert times(out).items() >= {k: v for k, v in before.items() if "lock" not in k}.items()


def test_run__a_deleted_file_and_a_grown_source_are_seen(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(toy(), source, out, Options())
    (out / "a.txt").unlink()
    assert run(toy(), source, out, Options()) == [Count("texts", 2, 2)]
    write_tree(source, {"d.txt": b"d"})
    assert run(toy(), source, out, Options()) == [Count("texts", 3, 2)]


def test_run__source_is_the_target(source: Path) -> None:
    for _ in range(2):
        assert run(toy(), source, source, Options()) == [Count("texts", 2, 2)]
    assert read_tree(source) == {"a.txt": b"a", "b.txt": b"b", "c.png": b"c"}


def test_run__another_conversion_is_running(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(toy(), source, out, Options())
    with open(out / ".converted/lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another conversion into .* is running"):
            run(toy(), source, out, Options())
    run(toy(), source, out, Options())


def test_run__wrong_source_and_target(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not exist. Download Toy data first:\n  toy.zip"):
        run(toy(), tmp_path / "nothing", tmp_path / "out", Options())
    with pytest.raises(DataError, match="is a file"):
        run(toy(), source, source / "a.txt", Options())
    with pytest.raises(DataError, match="holds no file of Toy data"):
        run(toy(), write_tree(tmp_path / "x", {"x.png": b""}), tmp_path / "out", Options())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_run__read_only_target(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(DataError, match="cannot write below"):
        run(toy(), source, tmp_path / "out", Options())


def test_run__data_sets_that_cannot_share_a_folder(source: Path, tmp_path: Path) -> None:
    run(toy("other"), source, tmp_path / "out", Options())
    with pytest.raises(DataError, match="holds the output of 'other'"):
        run(toy(excludes=("other",)), source, tmp_path / "out", Options())


@pytest.mark.parametrize(
    ("count", "is_whole", "mark"),
    [
        (Count("x", 5, 5), True, "ok "),
        (Count("x", 4, 5), False, "PARTIAL"),
        (Count("x", 6, 5), False, "SURPLUS"),
        (Count("x", 0, 5), False, "PARTIAL"),
        (Count("x", 0, 5, optional=True), True, "absent"),
        (Count("x", 4, 5, optional=True), False, "PARTIAL"),
    ],
)
def test_count__verdict(count: Count, is_whole: bool, mark: str) -> None:
    assert count.is_whole is is_whole
    assert mark in count.to_text()
    text = summary(toy(), Path("out"), [count])
    assert ("WARNING: only a part" in text) is (mark == "PARTIAL")
    assert ("WARNING: more than was published" in text) is (mark == "SURPLUS")


def test_run__a_crash_leaves_no_record(source: Path, tmp_path: Path) -> None:
    def crash(converter: Converter, *args: object) -> None:
        converter.convert(*args)  # type: ignore[arg-type]
        raise RuntimeError("crash")

    whole = toy()
    broken = Converter(
        "toy", "", "", "", functools.partial(crash, whole), whole.count, whole.excludes
    )
    with pytest.raises(RuntimeError):
        run(broken, source, tmp_path / "out", Options())
    assert list_names(tmp_path / "out/.converted", ".json") == []
    assert run(whole, source, tmp_path / "out", Options()) == [Count("texts", 2, 2)]
