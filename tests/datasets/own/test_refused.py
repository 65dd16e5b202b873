"""Formats that are not read are called by their names, in one sentence."""

import pytest

from argus.datasets.own import recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, picture


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("train.tfrecord", "x", "TensorFlow records"),
        ("labelTxt/1.txt", "1 1 2 2 3 3 4 4 car 0", "DOTA's oriented boxes"),
        ("list.txt", "1.png dog\n", "a list of pictures and labels in a text file"),
    ],
)
def test_format__is_named(tmp_path, file, text, message) -> None:
    picture(tmp_path / "1.png")
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        recognise(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
@pytest.mark.parametrize(
    ("folder", "word"),
    [
        ("ade20k2017_dataset/dataset", "ADE20K"),
        ("celeba_dataset/dataset", "CelebA"),
        ("cityscapes_dataset/dataset", "Cityscapes"),
        ("datumaro_dataset", "datumaro"),
        ("dota_dataset", "DOTA"),
        ("labelme_dataset", "LabelMe"),
        ("mapillary_vistas_dataset", "Mapillary"),
        ("mpii_json_dataset/dataset_wo_numpy_files", "MPII"),
        ("nyu_depth_v2_dataset", "HDF5"),
        ("open_images_dataset/v6", "Open Images"),
        ("segment_anything_dataset", "Segment Anything"),
        ("tf_detection_api_dataset", "TensorFlow"),
    ],
)
def test_files_of_tools__are_named(folder, word) -> None:
    with pytest.raises(DataError, match=word):
        recognise(FORMATS / "datumaro" / folder)
