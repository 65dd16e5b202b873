"""BSDS500 and SOD: boundaries of several people from MATLAB files, and saliency."""

import zlib

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from argus.datasets.bsds500 import BSDS500
from argus.datasets.transforms import LoadBoundaryPeople, LoadImage, LoadSaliency, PackDense
from argus.errors import ConfigError, DataError
from argus.files.mat_files import read_variables

PEOPLE = np.zeros((3, 4, 6), np.uint8)
PEOPLE[0, 1] = 1  # one of three
PEOPLE[:2, 2] = 1  # two of three
PEOPLE[:, 3] = 1  # all


def write_people(path, people):
    """A file as the set publishes it: a row of cells, each a struct of two maps."""
    cells = np.empty((1, len(people)), object)
    for index, boundaries in enumerate(people):
        cells[0, index] = dict(Segmentation=boundaries.astype(np.uint16), Boundaries=boundaries)
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, dict(groundTruth=cells), do_compression=True)


@pytest.fixture
def root(tmp_path):
    for name in ("8049", "12003"):
        path = tmp_path / f"bsds500/images/train/{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((4, 6, 3), 100, np.uint8))
        write_people(tmp_path / f"bsds500/groundTruth/train/{name}.mat", PEOPLE)
    (tmp_path / "sod/masks").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "sod/masks/8049.png"), np.eye(4, 6, dtype=np.uint8) * 255)
    return tmp_path


def load(agreement):
    return [dict(type=LoadImage), dict(type=LoadBoundaryPeople, agreement=agreement)]


@pytest.mark.parametrize(
    ("agreement", "rows"),
    [(0.5, [0, 255, 1, 1]), (1.0, [0, 255, 255, 1]), (1 / 3, [0, 1, 1, 1])],
)
def test_agreement__few_people_are_ignored_nobody_is_none(root, agreement, rows):
    results = BSDS500(data_root=str(root), pipeline=load(agreement))[0]
    np.testing.assert_array_equal(results["gt_boundary"], np.repeat([rows], 6, axis=0).T)


def test_all_people__are_packed_one_by_one(root):
    pipeline = [*load(None), dict(type=PackDense, fields=["boundary"])]
    packed = BSDS500(data_root=str(root), pipeline=pipeline)[0]["data_samples"]
    np.testing.assert_array_equal(packed.gt_boundary.data.numpy(), PEOPLE)


def test_pictures__all_of_the_folder_with_the_labels_that_they_have(root):
    dataset = BSDS500(data_root=str(root))
    found = [entry["img_path"].rsplit("/", 1)[1] for entry in map(dataset.get_data_info, range(2))]
    assert found == ["12003.jpg", "8049.jpg"]
    assert "saliency_path" not in dataset.get_data_info(0)
    dataset = BSDS500(
        data_root=str(root), labels=["saliency"], pipeline=[dict(type=LoadImage), SALIENCY]
    )
    assert len(dataset) == 1
    np.testing.assert_array_equal(dataset[0]["gt_saliency"], np.eye(4, 6))


SALIENCY = dict(type=LoadSaliency, threshold=127)


def test_people__of_another_size_than_the_picture(root):
    write_people(root / "bsds500/groundTruth/train/12003.mat", PEOPLE[:, :3])
    with pytest.raises(DataError, match="12003.mat: .* are 6x3 .* image 6x4"):
        BSDS500(data_root=str(root), pipeline=load(0.5)).prepare_data(0)


def test_people__a_file_of_something_else(root):
    savemat(root / "bsds500/groundTruth/train/12003.mat", dict(segs=np.eye(3)))
    with pytest.raises(DataError, match=r"12003.mat: expected a variable 'groundTruth'.*'segs'"):
        BSDS500(data_root=str(root), pipeline=load(0.5)).prepare_data(0)
    (root / "bsds500/groundTruth/train/12003.mat").write_bytes(b"no MATLAB file at all" * 20)
    with pytest.raises(DataError, match="12003.mat: damaged or no MATLAB file"):
        BSDS500(data_root=str(root), pipeline=load(0.5)).prepare_data(0)


def test_agreement__has_to_be_a_share():
    with pytest.raises(ConfigError, match="agreement: expected a share"):
        LoadBoundaryPeople(agreement=0.0)


def test_mat_file__that_unpacks_to_too_much():
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(2**24)) for _ in range(33)) + packer.flush()
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    element = (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed
    with pytest.raises(DataError, match="decompression bomb"):
        read_variables(header + element)
