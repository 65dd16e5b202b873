"""One object, all answers: passes, arguments, threads, streams, loading."""

import tracemalloc
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import argus
import argus.inference.passes as module
from argus.api import Argus
from argus.errors import CheckpointError, ConfigError, DataError
from argus.results import Poses, Prediction
from argus.storage.model_folder import ModelFolder
from tests.tiny_model import TASKS

CATEGORY = "dice"
FRAMES = [task for task in TASKS if task != "keypoints"]


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> Argus:
    return Argus.from_pretrained(str(tiny_model_folder), device="cpu")


@pytest.fixture
def passes(model: Argus) -> Any:
    """Shapes (B, H, W) of the backbone's inputs, as they come."""
    shapes: list[tuple[int, ...]] = []
    hook = model.model.backbone.register_forward_hook(
        lambda module, args, output: shapes.append((args[0].shape[0], *args[0].shape[-2:]))
    )
    yield shapes
    hook.remove()


def picture(height: int = 64, width: int = 96, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def assert_same(first: Prediction, second: Prediction, atol: float = 0.0) -> None:
    assert first.tasks == second.tasks
    for task in first.tasks:
        one, other = first[task].arrays(), second[task].arrays()
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_allclose(one[name], other[name], atol=atol, err_msg=f"{task}/{name}")


# --- passes ---


def test_passes__one_for_ten_tasks_of_a_batch(model: Argus, passes: list) -> None:
    images = [picture(seed=0), picture(seed=1)]
    found = model.predict(images, tasks=FRAMES, category=CATEGORY)
    assert passes == [(2, 64, 96)]
    assert [p.tasks for p in found] == [tuple(FRAMES)] * 2


def test_passes__one_more_for_all_people_of_a_batch(model: Argus, passes: list) -> None:
    images = [picture(seed=0), picture(72, 104, seed=1)]
    boxes = [np.array([[5, 5, 40, 60], [30, 2, 80, 62]]), np.array([[1.5, 2.5, 50, 70]])]
    found = model.predict(images, tasks=["depth", "keypoints", "semantic"], boxes=boxes)
    # The pictures differ in size; the crops do not. Without flip test.
    assert passes == [(1, 64, 96), (1, 96, 128), (3, 96, 64)]
    assert [len(p["keypoints"]) for p in found] == [2, 1]
    np.testing.assert_allclose(found[1]["keypoints"].boxes, boxes[1])


def test_passes__those_of_one_size_are_shared(model: Argus, passes: list) -> None:
    sizes = dict(depth=128, normals=128, semantic="task", classification="task")
    found = model.predict(picture(), tasks=[*sizes, "saliency", "boundary"], size=sizes)
    assert sorted(passes) == sorted([(1, 128, 192), (1, 64, 96), (1, 64, 64), (1, 64, 96)])
    assert all(result.size == (64, 96) for result in found.results.values())


def test_passes__batch_size_is_the_most_at_once(model: Argus, passes: list) -> None:
    images = [picture(seed=seed) for seed in range(5)]
    found = model.predict(images, "depth", batch_size=2)
    assert [batch for batch, *_ in passes] == [2, 2, 1]
    assert [p.source for p in found] == [f"image {i}" for i in range(5)]


def test_single_task__is_seen_at_its_own_size(model: Argus, passes: list) -> None:
    model.predict(picture(), "classification")
    assert passes == [(1, 64, 64)]


def test_batch__gives_what_single_pictures_give(model: Argus) -> None:
    images = [picture(seed=seed) for seed in range(3)]
    batch = model.predict(images, tasks=FRAMES, category=CATEGORY)
    for image, together in zip(images, batch, strict=True):
        assert_same(model.predict(image, tasks=FRAMES, category=CATEGORY), together, atol=1e-3)


def test_shared_pass__gives_what_a_pass_of_its_own_gives(model: Argus) -> None:
    image = picture()
    together = model.predict(image, tasks=FRAMES, category=CATEGORY)
    native = [task for task in FRAMES if task != "classification"]
    for task in native:
        alone = model.predict(image, tasks=task, category=CATEGORY)
        np.testing.assert_equal(alone[task].arrays(), together[task].arrays())


# --- people ---


def test_people__come_from_the_instances_which_are_not_shown(model: Argus, passes: list) -> None:
    boxes = np.array([[5, 5, 40, 60], [30, 2, 80, 62]], np.float32)
    asked: list[str] = []
    decoder = model.model.decoder("instance")

    def fixed(inputs: Any, samples: list[Any]) -> list[Any]:
        from mmengine.structures import InstanceData

        asked.append("instance")
        for sample in samples:
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor([*boxes.tolist(), [1.0, 1, 9, 9], [0.0, 0, 20, 20]]),
                scores=torch.tensor([0.9, 0.5, 0.8, 0.2]),
                labels=torch.tensor([0, 0, 1, 0]),  # 0 is a person; the last has a low score
            )
        return samples

    decoder.predict = fixed
    try:
        found = model.predict(picture(), tasks=["keypoints"])
    finally:
        del decoder.predict
    assert found.tasks == ("keypoints",) and asked == ["instance"]
    np.testing.assert_allclose(found["keypoints"].boxes, boxes)
    np.testing.assert_allclose(found["keypoints"].scores, [0.9, 0.5])
    given = model.predict(picture(), tasks=["keypoints"], boxes=boxes)
    np.testing.assert_allclose(given["keypoints"].keypoints, found["keypoints"].keypoints)


def test_people__none_gives_an_empty_answer(model: Argus, passes: list) -> None:
    found = model.predict(picture(), tasks="keypoints", boxes=np.zeros((0, 4)))["keypoints"]
    assert isinstance(found, Poses) and len(found) == 0 and passes == []
    assert found.keypoints.shape == (0, 17, 2) and found.size == (64, 96)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[5, 5, 40]], r"expected \(N, 4\)"),
        ([[40, 5, 5, 60]], "x0 < x1"),
        ([[5, 5, float("nan"), 60]], "x0 < x1"),
        ("everyone", "not an array of numbers"),
    ],
)
def test_boxes__bad_ones(model: Argus, boxes: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        model.predict(picture(), tasks="keypoints", boxes=boxes)


@pytest.mark.parametrize(("count", "message"), [(1, "no entry for image 1"), (3, "more entries")])
def test_boxes__one_entry_per_picture(model: Argus, count: int, message: str) -> None:
    boxes = [np.array([[5, 5, 40, 60]])] * count
    with pytest.raises(DataError, match=message):
        model.predict([picture(), picture()], tasks="keypoints", boxes=boxes)


# --- arguments ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(tasks="dept"), "unknown task 'dept'. Did you mean 'depth'.*instance, keypoints"),
        (dict(tasks=["depth", "zebra"]), "unknown task 'zebra'. There are"),
        (dict(tasks=[]), "tasks is empty"),
        (dict(tasks="anomaly"), "needs category=..., one of dice, terrazzo"),
        (dict(tasks="anomaly", category="cat"), "no category 'cat', only dice, terrazzo"),
        (dict(category="cat"), "no category 'cat', only dice, terrazzo"),
        (dict(size="large"), "size: expected None"),
        (dict(size=0), "size: expected None"),
        (dict(size=True), "size: expected None"),
        (dict(size=dict(depth=-1)), r"size\['depth'\]: expected None"),
        (dict(size=dict(dept=32)), "unknown task 'dept'. Did you mean 'depth'"),
        (dict(batch_size=0), "batch_size: expected an integer >= 1"),
        (dict(score_threshold=30), r"score_threshold: expected a number in \[0, 1\]"),
    ],
)
def test_arguments__mistakes(model: Argus, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        model.predict(picture(), **arguments)


def test_all__leaves_out_what_lacks_something_with_a_warning(model: Argus) -> None:
    with pytest.warns(UserWarning, match="left out: task 'anomaly' needs category") as caught:
        found = model.predict(picture())
    assert found.tasks == tuple(task for task in TASKS if task != "anomaly")
    own = [w for w in caught if "left out" in str(w.message)]
    assert len(own) == 1 and own[0].filename == __file__


def test_category__says_which_head_looks(model: Argus) -> None:
    first, second = (
        model.predict(picture(), tasks="anomaly", category=name)["anomaly"]
        for name in ("dice", "terrazzo")
    )
    assert (first.category, second.category) == ("dice", "terrazzo")
    assert not np.allclose(first.heat, second.heat)


def test_score_threshold__keeps_better_instances(model: Argus) -> None:
    every = model.predict(picture(), "instance", score_threshold=0.0)["instance"]
    middle = float(np.median(every.scores))
    some = model.predict(picture(), "instance", score_threshold=middle)["instance"]
    assert 0 < len(some.scores) < len(every.scores) and (some.scores >= middle).all()
    assert len(some.masks) == len(some.scores)


# --- sources ---


def test_source__forms_of_one_picture_give_one_answer(model: Argus, tmp_path: Path) -> None:
    image = picture()
    path = tmp_path / "a.png"
    Image.fromarray(image).save(path)
    expected = model.predict(image, "depth")
    forms = [
        path,
        str(path),
        Image.fromarray(image),
        path.read_bytes(),
        torch.from_numpy(image).permute(2, 0, 1),
        image.astype(np.float32) / 255,
    ]
    for form in forms:
        assert_same(model.predict(form, "depth"), expected)
    assert model.predict(path, "depth").source == str(path)


def test_large_picture__is_answered_at_its_own_size(
    model: Argus, passes: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER_PX", 64 * 96)
    large = cv2.resize(picture(64, 96), (300, 200), interpolation=cv2.INTER_CUBIC)
    found = model.predict(large, FRAMES, size=64, category=CATEGORY)
    assert passes == [(1, 64, 96)]
    monkeypatch.undo()
    expected = model.predict(large, FRAMES, size=64, category=CATEGORY)
    assert all(result.size == (200, 300) for result in found.results.values())
    np.testing.assert_allclose(found["depth"].metres, expected["depth"].metres, rtol=0.1)
    np.testing.assert_allclose(np.linalg.norm(found["normals"].vectors, axis=-1), 1.0, atol=1e-3)
    for task in ("semantic", "parsing"):
        assert (found[task].labels == expected[task].labels).mean() > 0.95
    for one, other in zip(*(p["instance"].masks for p in (found, expected)), strict=True):
        assert (one == other).mean() > 0.95
    np.testing.assert_allclose(found["instance"].boxes, expected["instance"].boxes, atol=0.1)


def test_stream__memory_does_not_grow(model: Argus, tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for seed in range(12):
        video.write(picture(seed=seed))
    video.release()
    stream = model.stream(path, "depth", batch_size=2)
    names = [next(stream).source for _ in range(4)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        names += [prediction.source for prediction in stream]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert names == [f"{path}#{index:06d}" for index in range(12)]
    # A prediction holds 43 KB; eight of them would be 340.
    assert grown < 200_000


def test_stream__reads_no_further_than_the_next_batch(
    model: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def load(source: Any, *, name: str) -> np.ndarray:
        read.append(name)
        return source

    monkeypatch.setattr("argus.inference.images.load_image", load)
    stream = model.stream([picture()] * 9, "depth", batch_size=2)
    assert read == []
    assert next(stream).source == "image 0"
    stream.close()
    assert read == [f"image {index}" for index in range(4)]


def test_stream__a_broken_picture_is_named(model: Argus, tmp_path: Path) -> None:
    good, bad = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(picture()).save(good)
    bad.write_bytes(good.read_bytes()[:200])
    stream = model.stream(tmp_path, "depth", batch_size=1)
    assert next(stream).source == str(good)
    with pytest.raises(DataError, match="b.png: corrupt or truncated"):
        next(stream)


def test_on_error__one_bad_picture_of_many(model: Argus, tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(picture()).save(tmp_path / name)
    (tmp_path / "b.png").write_bytes(b"no picture")
    asked = dict(on_error="skip", batch_size=2)
    boxes = [[[5, 5, 40, 60]], [], [[5, 5, 40, 60], [30, 2, 80, 62]]]
    with pytest.warns(UserWarning, match="left out: .*b.png: corrupt"):
        found = model.predict(tmp_path, ["depth", "keypoints"], boxes=boxes, **asked)
    assert [Path(p.source).name for p in found] == ["a.png", "c.png"]
    assert [len(p["keypoints"]) for p in found] == [1, 2]
    told: list[str] = []
    on_error = lambda name, error: told.append(name)  # noqa: E731
    assert len(model.features(f"{tmp_path}/*.png", on_error=on_error)) == 2
    assert len(list(model.stream(tmp_path, "depth", on_error=on_error))) == 2
    assert told == [str(tmp_path / "b.png")] * 2
    with pytest.raises(DataError, match="b.png: corrupt"):
        model.predict(tmp_path / "b.png", "depth", on_error="skip")
    with pytest.raises(ConfigError, match="on_error: expected"):
        model.stream(tmp_path, "depth", on_error="ignore")


def test_threads__give_what_one_thread_gives(model: Argus) -> None:
    images = [picture(64 + 32 * (seed % 2), 96, seed=seed) for seed in range(8)]
    boxes = np.array([[5, 5, 40, 60]])
    kinds: list[Callable[[np.ndarray], Prediction]] = [
        lambda image: model.predict(image, FRAMES, category=CATEGORY),
        lambda image: model.predict(image, ["keypoints", "semantic"], boxes=boxes, size="task"),
    ]
    work = [(kinds[index % 2], image) for index, image in enumerate(images)]
    serial = [predict(image) for predict, image in work]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda item: item[0](item[1]), work))
    for one, other in zip(serial, found, strict=True):
        assert_same(one, other)


# --- loading ---


def test_load__only_the_decoders_that_are_asked_for(tiny_model_folder: Path) -> None:
    few = Argus.from_pretrained(tiny_model_folder, tasks=["depth", "keypoints"], device="cpu")
    assert list(few.tasks) == list(few.model.decoders) == ["depth", "keypoints"]
    with pytest.warns(UserWarning, match="left out: task 'keypoints' needs people"):
        assert few.predict(picture()).tasks == ("depth",)
    with pytest.raises(ConfigError, match="give boxes.*load an instance task"):
        few.predict(picture(), tasks="keypoints")
    with pytest.raises(ConfigError, match="unknown task 'flow'"):
        Argus.from_pretrained(tiny_model_folder, tasks=["flow"])


def test_load__is_frozen_and_in_eval_mode(model: Argus) -> None:
    assert not any(parameter.requires_grad for parameter in model.model.parameters())
    assert not any(module.training for module in model.model.modules())
    assert model.manifest["format"] and repr(model).startswith("Argus('tiny', cpu, fp32")


def test_load__tasks_say_what_they_are(model: Argus) -> None:
    kinds = {name: info.kind for name, info in model.tasks.items()}
    assert kinds == dict(
        instance="instances",
        keypoints="keypoints",
        semantic="semantic",
        classification="classification",
        panoptic="panoptic",
        depth="depth",
        boundary="boundary",
        normals="normals",
        parsing="semantic",
        saliency="saliency",
        anomaly="anomaly",
    )
    for name, result in model.predict(picture(), FRAMES, category=CATEGORY).results.items():
        assert result.kind == kinds[name]


@pytest.mark.parametrize(
    ("options", "message"),
    [(dict(device="gpu0"), "device 'gpu0'"), (dict(dtype="fp8"), "dtype: expected auto")],
)
def test_load__bad_options(tiny_model_folder: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Argus.from_pretrained(tiny_model_folder, tasks=["depth"], **options)


def test_load__no_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not the folder of a model"):
        Argus.from_pretrained(tmp_path)


def test_save__round_trip_of_some_tasks(model: Argus, tmp_path: Path) -> None:
    whole = model.save_pretrained(tmp_path / "whole")
    source = Argus.from_pretrained(whole, tasks=["depth", "semantic"], device="cpu")
    again = Argus.from_pretrained(source.save_pretrained(tmp_path / "part"), device="cpu")
    assert list(again.tasks) == ["depth", "semantic"]
    assert_same(again.predict(picture()), model.predict(picture(), ["depth", "semantic"]))
    assert (tmp_path / "part" / "README.md").is_file()


def test_bf16__is_close_to_float32(model: Argus, tiny_model_folder: Path) -> None:
    half = Argus.from_pretrained(
        tiny_model_folder, tasks=["depth", "instance"], device="cpu", dtype="bf16"
    )
    image = picture()
    depth = [m.predict(image, "depth")["depth"].metres for m in (model, half)]
    assert not np.array_equal(*depth)
    np.testing.assert_allclose(depth[0], depth[1], rtol=0.1)
    assert half.predict(image, "instance", score_threshold=0.0)["instance"].masks.any()


def test_features__of_a_picture_and_of_several(model: Argus) -> None:
    maps = model.features(picture(60, 90))
    assert [tuple(one.shape[-2:]) for one in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    (again, larger) = (model.features([picture(60, 90)])[0], model.features(picture(), size=128))
    assert all(torch.equal(one, other) for one, other in zip(maps, again, strict=True))
    assert tuple(larger[0].shape[-2:]) == (32, 48)


def test_argus__is_imported_when_it_is_used() -> None:
    assert argus.Argus is Argus
    with pytest.raises(AttributeError, match="has no attribute 'Arguss'"):
        argus.Arguss  # noqa: B018


def test_folder__is_not_changed_by_loading(tiny_model_folder: Path) -> None:
    folder = ModelFolder.read(tiny_model_folder)
    before = set(folder.state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Argus(folder, tasks=["depth"], device="cpu")
    assert set(folder.state) == before and model.folder.state == {}
