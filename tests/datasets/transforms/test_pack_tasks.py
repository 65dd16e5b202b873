"""One picture, the samples of several tasks."""

import numpy as np
import pytest
import torch
from mmpretrain.datasets import PackInputs
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.transforms import PackTasks
from argus.errors import ConfigError, DataError

PACKERS = dict(semantic=dict(type=PackSegInputs), classification=dict(type=PackInputs))


def picture() -> dict:
    rng = np.random.default_rng(0)
    return dict(
        img=rng.integers(0, 255, (8, 6, 3), dtype=np.uint8),
        img_path="picture.jpg",
        img_shape=(8, 6),
        ori_shape=(8, 6),
        gt_seg_map=rng.integers(0, 3, (8, 6)),
        gt_label=2,
        seg_fields=["gt_seg_map"],
    )


def test_pack_tasks__each_task_has_its_library_s_sample() -> None:
    packed = PackTasks(PACKERS)(picture())
    assert torch.equal(packed["inputs"], torch.from_numpy(picture()["img"]).permute(2, 0, 1))
    samples = packed["data_samples"]
    assert set(samples) == set(PACKERS)
    labels = torch.from_numpy(picture()["gt_seg_map"])
    assert torch.equal(samples["semantic"].gt_sem_seg.data[0], labels)
    assert samples["classification"].gt_label.item() == 2


def test_pack_tasks__missing_label_leaves_the_task_out() -> None:
    results = picture()
    del results["gt_seg_map"]
    results["seg_fields"] = []
    pack = PackTasks(PACKERS, needs=dict(semantic=["gt_seg_map"]))
    assert set(pack(results)["data_samples"]) == {"classification"}


def test_pack_tasks__no_label_at_all_names_the_picture() -> None:
    results = picture()
    del results["gt_seg_map"]
    pack = PackTasks(dict(semantic=PACKERS["semantic"]), needs=dict(semantic=["gt_seg_map"]))
    with pytest.raises(DataError, match=r"picture\.jpg has no label for any of \['semantic'\]"):
        pack(results)


@pytest.mark.parametrize(
    ("packers", "needs", "words"),
    [({}, None, "packers is empty"), (PACKERS, dict(depth=["gt_depth"]), "names \\['depth'\\]")],
)
def test_pack_tasks__mistakes(packers: dict, needs: dict | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        PackTasks(packers, needs=needs)
