"""Shards of generated scenes: captions, regions and depth of the pictures they lie beside."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.datasets.scenes.compose import sample_scene
from argus.datasets.scenes.generate import Job, Settings, _random, generate
from argus.datasets.scenes.labels import label_scene
from argus.datasets.scenes.sentences import sentences
from argus.datasets.shards.shard_set import ShardSet, SideCar

SETTINGS = Settings(
    num_train=6, num_val=2, num_classification=(10, 0), num_anomaly=(0, 0, 0),
    width=96, height=80, seed=5, layouts=("coco", "shards"),
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "scenes"
    generate(out, SETTINGS, num_workers=1)
    return out


def test_shards__hold_scenes_and_pictures_of_one_thing(root: Path) -> None:
    train = ShardSet(root / "shards/train/images")
    keys = [train.key(i) for i in range(len(train))]
    assert keys[:6] == [f"scene_{i:06d}" for i in range(6)]
    assert [key[:-7] for key in keys[6:]] == list(CLASSIFICATION_CLASSES)
    assert not (root / "imagenet").exists() and len(ShardSet(root / "shards/val/images")) == 2
    for place in range(6, 16):
        captions = json.loads(train.read(place)["json"])["captions"]
        assert captions[0] == f"a photo of a {CLASSIFICATION_CLASSES[place - 6]}"
        assert all(CLASSIFICATION_CLASSES[place - 6] in text for text in captions)


def test_shards__are_of_the_pictures_that_other_layouts_have(root: Path) -> None:
    train = ShardSet(root / "shards/train/images")
    for index in range(6):
        picture = root / f"coco/train2017/{index + 1:012d}.jpg"
        assert train.read(index)["jpg"] == picture.read_bytes()


def test_shards__regions_and_depth_are_the_labels_of_the_scene(root: Path) -> None:
    train = ShardSet(root / "shards/train/images")
    regions = SideCar(train, root / "shards/train/regions")
    depth = SideCar(train, root / "shards/train/depth")
    for index in range(6):
        scene, hits = sample_scene(96, 80, _random(5, Job(0, "train", index)))
        labels = label_scene(scene, hits)
        found = json.loads(regions.read(index, ("regions.json",))["regions.json"])
        boxes = np.array([entry["box"] for entry in found]) * [96, 80, 96, 80]
        assert np.abs(boxes - [item.box for item in labels.instances]).max() < 1e-2
        for entry, thing in zip(found, scene.things, strict=True):
            assert thing.name in entry["text"] and thing.colour in entry["text"]
        members = depth.read(index, ("depth.png", "depth.json"))
        stored = cv2.imdecode(np.frombuffer(members["depth.png"], np.uint8), cv2.IMREAD_UNCHANGED)
        ends = json.loads(members["depth.json"])
        values = ends["min"] + (ends["max"] - ends["min"]) * (stored / 65535)
        expected = np.where(labels.depth > 0, 1 / np.maximum(labels.depth, 1e-6), 0)
        assert np.abs(values - expected).max() < 1e-4


def test_sentences__tell_pictures_apart() -> None:
    """Among 40 scenes hardly any has a sentence that is true of another one as well."""
    texts = []
    for index in range(40):
        rng = np.random.default_rng([7, index])
        scene, _ = sample_scene(64, 64, rng)
        centres = [float(x) for x in rng.random(len(scene.things))]
        texts.append(sentences(scene.things, centres, scene.backdrop.name, rng))
    assert len({text for own in texts for text in own}) > 0.98 * 200
    words = [{frozenset(text.replace(",", "").split()) for text in own} for own in texts]
    told = sum(
        not any(word in other for other in words[:place] + words[place + 1 :])
        for place, own in enumerate(words)
        for word in own
    )
    assert told / sum(map(len, words)) > 0.95
