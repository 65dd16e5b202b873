"""The full-size stage 2 configs on real samples: their own data, pipelines, decoders and metrics.

The pictures of NYUv2, PASCAL-Context and MVTec AD have their full size and the networks are narrow;
those of ADE20K and COCO have a quarter of it. One config, two decoders on one backbone pass, also
runs at full width. All are slow: minutes.
"""

import math
from pathlib import Path

import pytest
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.tasks import parse_tasks
from tests.real_data.samples import needs_samples
from tests.real_data.stage2 import Record, narrow, sample_config

pytestmark = pytest.mark.slow

NUM_STEPS = 2
CONFIGS = [
    *("ade20k_panoptic", "ade20k_instance", "coco_mask_rcnn", "coco_co_detr"),
    *("nyuv2_semantic", "nyuv2_semantic_13", "nyuv2_depth", "nyuv2_depth_bins"),
    *("nyuv2_boundary", "nyuv2_normals", "nyuv2_normals_cosine"),
    *("pascal_parsing", "pascal_saliency", "mvtec_anomaly", "mvtec_anomaly_draem"),
    *("nyuv2_joint", "pascal_joint"),
    # The other baselines and variants differ from these as these from their siblings.
    *("dinov2_adapted/nyuv2_boundary", "tuned_adapter/nyuv2_boundary"),
]


def check(config: Config, name: str) -> None:
    """Train and evaluate, and look at what happened."""
    runner = MultitaskRunner.from_cfg(config)
    record = Record(runner)
    runner.train()
    assert len(record.losses) == NUM_STEPS
    changed = record.changed()
    for task in parse_tasks(config.tasks).values():
        # A batch of a joint stream may lack the label.
        assert max(step[task.name] for step in record.losses) > 0
        assert any(key.startswith(f"decoders.{task.name}.") for key in changed)
        for metric in task.reported:
            assert math.isfinite(record.metrics[metric]), record.metrics
    tuned = {key for key in changed if key.startswith("backbone.")}
    assert bool(tuned) == name.startswith("tuned_adapter/")
    assert not any(key.startswith("backbone.vit.") for key in tuned)


@needs_samples
@pytest.mark.parametrize("name", CONFIGS)
def test_full_size__trains_and_evaluates_on_real_samples(name: str, tmp_path: Path) -> None:
    config = sample_config(name, tmp_path, steps=NUM_STEPS)
    narrow(config)
    if name == "coco_mask_rcnn":  # an untrained detector is sure of nothing
        config.tasks.mask_rcnn.decoder.test_cfg.rcnn.score_thr = 0.0
    check(config, name)


@needs_samples
def test_full_size__at_full_width(tmp_path: Path) -> None:
    check(sample_config("ade20k_joint", tmp_path, steps=NUM_STEPS), "ade20k_joint")
