"""Fingerprints: another one for other data, whatever the size of the files."""

from pathlib import Path

import pytest

from argus.datasets import fingerprint as module
from argus.datasets.fingerprint import fingerprint


class Pictures:
    """Samples that name a file each."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def get_data_info(self, index: int) -> dict:
        return dict(img_path=str(self.paths[index]))


def pictures(folder: Path, count: int = 6) -> Pictures:
    paths = [folder / f"{index}.jpg" for index in range(count)]
    for index, path in enumerate(paths):
        path.write_bytes(b"x" * index)
    return Pictures(paths)


@pytest.mark.parametrize("whole", [True, False])
def test_fingerprint__follows_the_annotations(
    tmp_path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not whole:
        monkeypatch.setattr(module, "_MAX_WHOLE", 8)
    file = tmp_path / "train.json"
    config = dict(dataset=dict(type="X", data_root=str(tmp_path), ann_file="train.json"))
    found = []
    for text in ("0123456789", "0123456789", "0123456780", "1123456789", "01234567890"):
        file.write_text(text)
        found.append(fingerprint(config, [0, 1])["annotations"][str(file)])
    assert found[0] == found[1]
    assert len(set(found)) == 4
    assert fingerprint(config, [0, 1])["samples"] == 2


def test_fingerprint__without_annotations_follows_the_images(tmp_path: Path) -> None:
    data = pictures(tmp_path)
    before = fingerprint({}, data)
    assert before == fingerprint({}, data) and before["images"]
    data.paths.reverse()
    assert fingerprint({}, data) == before, "their order is that of a folder's listing"
    data.paths[0].write_bytes(b"another size")
    assert fingerprint({}, data) != before


def test_fingerprint__reads_a_bounded_number_of_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_LISTED", 4)
    data, asked = pictures(tmp_path, 11), []
    look = data.get_data_info
    data.get_data_info = lambda index: asked.append(index) or look(index)
    assert fingerprint({}, data)["images"]
    assert asked == [0, 3, 6, 9]


def test_fingerprint__samples_without_files() -> None:
    assert fingerprint({}, [1, 2, 3]) == dict(samples=3, annotations={}, images=None)
