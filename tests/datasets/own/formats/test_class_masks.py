"""A mask for each class of a picture."""

import numpy as np
import pytest

from argus.datasets.own import recognise
from argus.datasets.own.loading import LoadOwnMap
from argus.datasets.own.semantic import OwnSemantic
from argus.datasets.transforms import LoadImage
from tests.datasets.own.layouts import HEIGHT, WIDTH, map_of, picture

FORMS = ("{picture}/{name}.png", "{name}/{picture}.png", "{picture}_{name}.png")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", ["", "train/"])
def test_masks__are_laid_over_each_other(tmp_path, form, part) -> None:
    leaf, bug = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    leaf[4:] = bug[8:10] = 255
    for n in range(4):
        picture(tmp_path / f"images/{part}p_{n}.png", seed=n)
        for name, mask in (("leaf", leaf), ("bug", bug)):
            map_of(tmp_path / f"masks/{part}{form.format(picture=f'p_{n}', name=name)}", mask)
    found = recognise(tmp_path)
    assert found.format == "class_masks" and found.sure is True
    assert found.classes == ("background", "bug", "leaf")
    assert (found.unit, found.counts) == ("mask", dict(bug=4, leaf=4))
    expected = np.where(leaf > 0, 2, 0)  # the later class covers the earlier one
    for names, labels in ((None, expected), (["leaf", "bug"], np.where(bug, 1, expected // 2))):
        dataset = OwnSemantic(data=str(tmp_path), split="train", classes=names)
        load = LoadOwnMap(len(dataset.metainfo["classes"]))
        load.take_palette(dataset.metainfo)
        loaded = load.transform(LoadImage().transform(dataset.get_data_info(0)))["gt_seg_map"]
        if names is None:
            assert (loaded == labels).all()
        else:
            assert (loaded[:4] == 255).all() and (loaded[8:10] == 1).all()
            assert (loaded[4:8] == 0).all()
