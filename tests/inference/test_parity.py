"""With size="task" prediction gives the numbers of tools/test.py: the task's own test pipeline."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from argus.api import Argus
from argus.datasets.build import build_dataset
from argus.datasets.scenes.generate import Settings, generate
from argus.evaluation.evaluator import TaskEvaluator
from argus.model_config import resolve_task
from argus.models.foreign import library_scope
from argus.results import result_from_sample
from argus.storage.model_folder import ModelFolder
from tests.tiny_model import DETECTORS, TASKS, tiny_model

# No multiples of 32, so that every task pads.
SETTINGS = Settings(
    num_train=1,
    num_val=2,
    num_classification=(1, 2),
    num_anomaly=(1, 1, 1),
    width=104,
    height=72,
    seed=5,
)
CATEGORY = "dice"
FRAMES = [task for task in TASKS if task != "keypoints"]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parity") / "scenes"
    generate(folder, SETTINGS, num_workers=1)
    return folder


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> Argus:
    return Argus.from_pretrained(tiny_model_folder, device="cpu")


@pytest.fixture(scope="module")
def detectors() -> Argus:
    return Argus(tiny_model(*DETECTORS), device="cpu")


def dataset_of(model: Argus, task: str, scenes: Path) -> Any:
    """The task's validation data with labels, through its own pipeline."""
    config = copy.deepcopy(resolve_task(task, model.folder.config["tasks"][task])["val"]["dataset"])
    config["data_root"] = config["data_root"].replace("data/scenes", str(scenes))
    if "categories" in config:
        config["categories"] = (CATEGORY,)
    with library_scope(model.model.libraries[task]):
        return build_dataset(config, where=task)


def own_predictions(model: Argus, task: str, items: list[Any]) -> list[Any]:
    """What the evaluation loop does, a batch of one sample each."""
    found = []
    for item in items:
        batch = {"inputs": [item["inputs"]], "data_samples": [item["data_samples"]]}
        found += model.model.predict(task, batch)
    return found


def assert_equal_results(result: Any, expected: Any) -> None:
    assert type(result) is type(expected) and result.size == expected.size
    arrays = expected.arrays()
    assert arrays
    for name, value in result.arrays().items():
        np.testing.assert_allclose(value, arrays[name], atol=1e-4, err_msg=name)


@pytest.mark.parametrize("task", FRAMES)
def test_task_size__equals_the_tasks_own_pipeline(model: Argus, scenes: Path, task: str) -> None:
    dataset = dataset_of(model, task, scenes)
    items = [dataset[index] for index in range(2)]
    paths = [item["data_samples"].img_path for item in items]
    info = model.tasks[task]
    expected = [
        result_from_sample(sample, task=task, classes=info.classes, palette=info.palette)
        for sample in own_predictions(model, task, copy.deepcopy(items))
    ]
    predictions = model.predict(
        paths, tasks=[task], size="task", score_threshold=0.0, category=CATEGORY
    )
    assert [p.source for p in predictions] == [str(path) for path in paths]
    for prediction, one in zip(predictions, expected, strict=True):
        assert_equal_results(prediction[task], one)


@pytest.mark.parametrize("task", DETECTORS)
def test_shared_pass__other_detectors_give_what_their_own_pipeline_gives(
    detectors: Argus, scenes: Path, task: str
) -> None:
    dataset = dataset_of(detectors, task, scenes)
    item = dataset[0]
    path = item["data_samples"].img_path
    info = detectors.tasks[task]
    (sample,) = own_predictions(detectors, task, [item])
    expected = result_from_sample(sample, task=task, classes=info.classes, palette=info.palette)
    assert len(expected), "nothing found, nothing compared"
    together = detectors.predict(path, score_threshold=0.0)
    assert_equal_results(together[task], expected)


def test_task_size__poses_of_given_boxes_with_the_flip_test(model: Argus, scenes: Path) -> None:
    assert model.model.decoder("keypoints").test_cfg["flip_test"]
    dataset = dataset_of(model, "keypoints", scenes)
    people: dict[str, list[Any]] = {}
    for index in range(len(dataset)):
        item = dataset[index]
        people.setdefault(item["data_samples"].img_path, []).append(item)
    info = model.tasks["keypoints"]
    for path, items in people.items():
        boxes = np.concatenate([item["data_samples"].gt_instances.bboxes for item in items])
        samples = own_predictions(model, "keypoints", items)
        expected = result_from_sample(samples, task="keypoints", classes=info.classes)
        found = model.predict(path, tasks="keypoints", boxes=boxes, size="task")["keypoints"]
        assert_equal_results(
            found.__class__(**{**vars(found), "scores": expected.scores}), expected
        )


@pytest.mark.parametrize("task", ["semantic", "depth", "instance"])
def test_metric__of_predictions_equals_that_of_the_evaluation(
    model: Argus, scenes: Path, task: str
) -> None:
    dataset = dataset_of(model, task, scenes)
    config = resolve_task(task, model.folder.config["tasks"][task])
    metrics = config["metrics"]
    metrics = [dict(m) for m in (metrics if isinstance(metrics, (list, tuple)) else [metrics])]
    for metric in metrics:
        if "ann_file" in metric:
            metric["ann_file"] = metric["ann_file"].replace("data/scenes", str(scenes))

    def measure(give: Any) -> dict[str, float]:
        with library_scope(model.model.libraries[task]):
            evaluator = TaskEvaluator(task, metrics, dataset_meta=dataset.metainfo)
            for index in range(len(dataset)):
                item = dataset[index]
                evaluator.process([give(item)], {"data_samples": [item["data_samples"]]})
            return evaluator.evaluate(len(dataset))

    def by_loop(item: Any) -> Any:
        return own_predictions(model, task, [item])[0]

    def by_argus(item: Any) -> Any:
        sample = item["data_samples"]
        path = sample.img_path
        found = model.predict(path, tasks=[task], size="task", score_threshold=0.0)
        for name, value in found[task].to_sample().items():
            if name.startswith("pred_"):
                sample.set_field(value, name)
        return sample

    expected = measure(by_loop)
    assert measure(by_argus) == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_sliding_windows__in_the_tasks_size_only(tiny_model_folder: Path) -> None:
    folder = ModelFolder.read(tiny_model_folder)
    decoder = folder.config["tasks"]["semantic"]["decoder"]
    decoder["test_cfg"] = dict(mode="slide", crop_size=(64, 64), stride=(32, 32))
    model = Argus(folder, tasks=["semantic", "depth"], device="cpu")
    shapes: list[tuple[int, ...]] = []
    model.model.backbone.register_forward_hook(
        lambda module, args, output: shapes.append(tuple(args[0].shape[-2:]))
    )
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    bgr = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    from mmseg.structures import SegDataSample

    sample = SegDataSample(metainfo=dict(ori_shape=(96, 128), img_shape=(96, 128)))
    (expected,) = model.model.predict("semantic", {"inputs": [bgr], "data_samples": [sample]})
    windows = list(shapes)
    assert len(windows) == 6 and set(windows) == {(64, 64)}

    shapes.clear()
    found = model.predict(image, size="task")
    assert sorted(shapes) == sorted([*windows, (96, 128)])
    labels = expected.pred_sem_seg.data[0].numpy()
    assert (found["semantic"].labels == labels).all()

    shapes.clear()
    shared = model.predict(image)
    assert shapes == [(96, 128)]
    assert model.model.decoder("semantic").test_cfg["mode"] == "slide"
    assert not (shared["semantic"].labels == labels).all()
