"""Colours from tables: those that mmseg computes, with the same draws."""

import numpy as np
from mmseg.datasets.transforms import PhotoMetricDistortion as StockDistortion

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import PhotoMetricDistortion


def test_pixels__are_those_of_mmseg() -> None:
    image = np.random.default_rng(0).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    for picture in (image, image.astype(np.float32)):
        changed = 0
        for seed in range(40):
            found = []
            for kind in (PhotoMetricDistortion, StockDistortion):
                with isolated_rng(seed):
                    pixels = kind().transform(dict(img=picture.copy()))["img"]
                    found.append((pixels, np.random.rand()))
            assert np.array_equal(found[0][0], found[1][0]) and found[0][1] == found[1][1], seed
            changed += not np.array_equal(found[0][0], picture)
        assert changed > 30
