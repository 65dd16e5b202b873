"""Every task of stage 1 learns eight real pictures by heart, each in a training of its own.

Not part of the fast tests, since it trains for minutes; run by ``make test-slow``.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from argus.engine import MultitaskRunner
from tests.learning import expect_above
from tests.real_data.samples import SAMPLES, imagenet_listing, needs_samples, replace_data_root

CONFIG = Path(__file__).with_name("overfit.py")
INSTANCE_IMAGES = (30752, 37666, 89232, 133030, 418049, 432430, 463557, 544238)
PERSON_IMAGES = (790, 30752, 37666, 69468, 183872, 234748, 463557, 544238)
LEFT_OUT_SCENE = "ADE_val_00001519"  # of nine; the one with most classes
# Optimizer steps, of 2 to 4 pictures each, and the learning rate.
TRAININGS = {
    "instance": (600, 1e-3),
    "semantic": (700, 2e-3),
    "keypoints": (150, 1e-3),
    "classification": (150, 1e-3),
}
GOALS = {
    "instance/bbox_mAP_50": 0.80,
    "semantic/mIoU": 0.80,
    "keypoints/AP_50": 0.70,
    "classification/top1": 0.9,  # all eight
}


def lay_out(folder: Path) -> None:
    """Make data sets of eight pictures in which training and validation are the same."""
    for kind, ids in (("instances", INSTANCE_IMAGES), ("person_keypoints", PERSON_IMAGES)):
        content = json.loads((SAMPLES / f"coco/annotations/{kind}_train2017.json").read_text())
        content["images"] = [image for image in content["images"] if image["id"] in ids]
        assert len(content["images"]) == 8
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] in ids]
        for part in ("train", "val"):
            target = folder / f"coco/annotations/{kind}_{part}2017.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(content))
    for part in ("train2017", "val2017"):
        (folder / "coco" / part).symlink_to(SAMPLES / "coco/train2017")
    for kind in ("images", "annotations"):
        for part in ("training", "validation"):
            target = folder / "ade" / kind / part
            target.mkdir(parents=True)
            for file in (SAMPLES / "ade20k/ADEChallengeData2016" / kind).glob("*/ADE_*"):
                if file.stem != LEFT_OUT_SCENE:
                    (target / file.name).symlink_to(file)
            assert len(list(target.iterdir())) == 8
    (folder / "imagenet").mkdir()
    for part in ("train", "val"):
        (folder / "imagenet" / part).symlink_to(SAMPLES / "imagenet/val")
    (folder / "imagenet/listing.txt").write_text("\n".join(imagenet_listing()[:8]) + "\n")


def class_weights(folder: Path, *, power: float = 0.7) -> list[float]:
    """Weights ``frequency ** -power``, mean 1 over the pixels: small things count as well.

    The mIoU gives each of some 40 classes the same share, and half of them have few pixels.
    """
    counts = np.zeros(151)
    for path in folder.glob("*.png"):
        counts += np.bincount(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).ravel(), minlength=151)
    frequency = counts[1:] / counts[1:].sum()  # 0 is "other"
    weights = np.where(frequency > 0, np.maximum(frequency, 1e-6) ** -power, 1.0)
    return (weights / (frequency * weights).sum()).tolist()


def overfit_config(folder: Path) -> Config:
    """The config on pictures laid out below ``folder``."""
    lay_out(folder / "data")
    config = Config.fromfile(CONFIG)
    roots = dict(instance="coco", keypoints="coco", semantic="ade", classification="imagenet")
    for name, root in roots.items():
        config.tasks[name] = replace_data_root(config.tasks[name], str(folder / "data" / root))
    weights = class_weights(folder / "data/ade/annotations/training")
    config.tasks.semantic.decoder.decode_head.loss_decode.update(class_weight=weights)
    for part in ("train", "val"):
        listing = str(folder / "data/imagenet/listing.txt")
        config.tasks.classification[part].dataset.update(ann_file=listing)
    config.work_dir = str(folder / "work")
    return config


@pytest.mark.trains
@pytest.mark.slow
@needs_samples
@pytest.mark.parametrize("task", TRAININGS)
def test_overfit__eight_real_pictures(tmp_path: Path, task: str) -> None:
    config = overfit_config(tmp_path)
    config.tasks = {task: config.tasks[task]}
    num_steps, config.optim_wrapper.optimizer.lr = TRAININGS[task]
    config.train_cfg.max_iters = num_steps
    cosine = config.param_scheduler[1]
    cosine.update(end=num_steps, T_max=num_steps - cosine.begin)
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    metrics = runner.val_loop.run()
    for name, goal in GOALS.items():
        if name.startswith(f"{task}/"):
            expect_above(f"real pictures: {name}", metrics[name], goal)
