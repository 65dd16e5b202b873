"""The demo of pretraining: its whole way at the smallest size, and its numbers against NumPy."""

import json

import cv2
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score

from argus.engine.config_files.reading import read_config_file
from tests.in_process import ROOT
from tests.tools.demo.small_demo import run_small
from tools.demo import mtv_measures
from tools.demo.mtv import BARS, MTVDemo
from tools.demo.mtv_pictures import principal_colours

SIZES = "--num-train 8 --num-val 4 --num-classification 20 10 --workers 1"
CONFIGS = ("scenes", "scenes_vl")
LABELS = ("captions", "selfsup", "grounding", "depth")
OPTIONS = [
    "train_cfg.max_iters=2",
    "train_cfg.val_interval=2",
    "tasks.captions.train.batch_size=4",
    "param_scheduler.0.end=1",
    "param_scheduler.1.begin=1",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> MTVDemo:
    root = tmp_path_factory.mktemp("demo")
    return run_small(
        MTVDemo, root, work="demo_mtv", data="mtv_scenes", sizes=SIZES, options=OPTIONS
    )


def test_demo__writes_results_and_says_that_two_steps_are_not_enough(demo: MTVDemo) -> None:
    results = json.loads((demo.work_dir / "results.json").read_text())
    for name in ("trained", "untrained"):
        assert set(results[name]) == set(BARS)
        assert all(np.isfinite(value) for value in results[name].values())
    assert results["trained"] != results["untrained"]
    assert not demo.reached
    assert {"scenes", "tokenizer", "all_tasks", "export_trained"} < set(results["seconds"])


def test_demo__draws_what_the_model_sees(demo: MTVDemo) -> None:
    for name in ("searches", "regions", "depth", "patches"):
        sheet = cv2.imread(str(demo.work_dir / f"pictures/{name}.jpg"))
        assert sheet.shape[0] > 400 and sheet.shape[1] > 400 and np.ptp(sheet) > 100
    student, teacher = (
        demo.work_dir / f"models/{name}/model.safetensors" for name in ("trained", "teacher")
    )
    assert student.stat().st_size > teacher.stat().st_size > 10_000


def test_captions_alone__are_the_same_steps_on_the_same_pictures() -> None:
    whole, alone = (read_config_file(str(ROOT / f"configs/mtv/{n}.py")) for n in CONFIGS)
    assert list(alone.tasks) == ["captions", "classes"]
    before, after = (config.tasks.captions.train.dataset.pipeline for config in (whole, alone))
    assert [step["type"] for step in after] == [step["type"] for step in before[1:]]
    assert after[-1].labels == dict(captions="captions") and set(before[-1].labels) == set(LABELS)
    for key in ("train_cfg", "optim_wrapper", "param_scheduler", "backbone", "randomness"):
        assert alone[key] == whole[key]


def test_relative_error__is_blind_to_scale_and_shift_and_to_what_is_far() -> None:
    rng = np.random.default_rng(0)
    distance = rng.uniform(1, 9, (6, 7))
    distance[0] = 50.0
    truth, valid = 1 / distance, np.ones((6, 7), bool)
    prediction = 3 * truth + 2
    prediction[0] = 7.0
    assert mtv_measures.relative_error(prediction, truth, valid) == pytest.approx(0, abs=1e-9)
    noisy = truth + rng.normal(0, 0.02, truth.shape)
    slope, shift = np.polyfit(noisy[1:].ravel(), truth[1:].ravel(), 1)
    found = 1 / np.maximum(slope * noisy[1:] + shift, 0.1)
    expected = np.mean(np.abs(found - distance[1:]) / distance[1:])
    assert mtv_measures.relative_error(noisy, truth, valid) == pytest.approx(expected)


def test_probe__is_that_of_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (300,), generator=generator)
    features = torch.randn(300, 4, generator=generator)
    features[torch.arange(300), labels] += 1.0
    layer = mtv_measures.fit(features, labels, 3)
    answers = layer(features).argmax(-1)
    # Its penalty is half the squared weights, beside the sum over the samples.
    other = LogisticRegression(C=1 / (2e-4 * 300), tol=1e-6).fit(features.numpy(), labels.numpy())
    assert (answers.numpy() == other.predict(features.numpy())).mean() > 0.98
    expected = jaccard_score(labels.numpy(), answers.numpy(), average="macro")
    assert mtv_measures.mean_iou(answers, labels, 5) == pytest.approx(expected)


def test_colours__of_patches_are_their_main_directions() -> None:
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(9, 3)))[0].T
    amounts = rng.uniform(size=(2 * 5 * 5, 3)) * [9, 3, 1]
    features = (amounts @ directions).reshape(2, 5, 5, 9)
    colours = principal_colours(torch.from_numpy(features)).reshape(-1, 3).astype(float)
    for channel in range(3):
        assert abs(np.corrcoef(colours[:, channel], amounts[:, channel])[0, 1]) > 0.9
