"""``argus download``, ``get``, ``convert`` and ``check``: names and files that there are not."""

from pathlib import Path

import pytest

from argus.commands.get import NAMES
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.originals import ORIGINALS
from argus.datasets.convert.published import PUBLISHED
from tests.commands.command_line import CommandLine, assert_mistake


def test_get__names_are_those_that_are_published() -> None:
    assert tuple(ORIGINALS) == NAMES


def test_convert__names_are_those_with_published_numbers() -> None:
    assert PUBLISHED.keys() == CONVERTERS.keys()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("download dinov2_vits16", ["dinov2_vits14", "found 'dinov2_vits16'"]),
        ("download dinov2_vits14 --from none.pth", ["none.pth"]),
        ("get imagenet", ["expected one of camvid", "found 'imagenet'"]),
        ("get camvid --num-processes 0", ["--num-processes 0", "at least 1"]),
        ("get camvid --from none.zip", ["none.zip"]),
        ("convert cocoa", ["expected one of", "ade20k", "found 'cocoa'"]),
        ("convert coco none.zip", ["none.zip does not exist", "Licence"]),
        ("convert coco none.zip --normal-axes x,y,z", ["COCO 2017", "has no normals"]),
        ("check cocoa", ["neither a config file nor the name of a data set", "ade20k"]),
        ("check none.py", ["none.py does not exist"]),
    ],
)
def test_mistakes__are_one_sentence_and_leave_nothing(
    argus: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    said: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_mistake(argus(*words.split()), *said)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
