"""What a pretrained encoder can do on scenes that it has not seen, by its public methods."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.datasets.scenes.classes import (  # noqa: E402
    CLASSIFICATION_CLASSES,
    SEMANTIC_CLASSES,
)
from argus.errors import ConfigError  # noqa: E402
from argus.mtv import MTV  # noqa: E402
from argus.mtv.data import ShardPairs  # noqa: E402
from argus.mtv.metrics import image_ranks, text_ranks  # noqa: E402

TEMPLATES = ("a photo of a {}", "a picture of a {}")
MAX_DEPTH = 10.0
"""Metres; what is farther is not looked at, as on NYUv2."""
PROBE_PICTURES = 300
"""Of the training, whose patches the linear probe is fitted on."""
_SCENE = "scene_"  # keys of scenes; pictures of one thing have that of their class


def measure(model: MTV, scenes: Path) -> dict[str, float]:
    """All numbers of a model; those of regions and depth only if it has such heads.

    Args:
        model: The encoders.
        scenes: What ``python -m argus.datasets.scenes --shards`` wrote.
    """
    shards = scenes / "shards/val"
    pairs = ShardPairs(
        str(shards / "images"), regions=str(shards / "regions"), depth=str(shards / "depth")
    )
    numbers = [n for n in range(len(pairs)) if pairs.shards.key(n).startswith(_SCENE)]
    found = [pairs.load(number) for number in numbers]
    results = {"classes/top1": class_accuracy(model, scenes / "imagenet/val")}
    results |= retrieval(model, found)
    for measured in (regions, depth):
        try:
            results |= measured(model, found)
        except ConfigError:  # the model has no such head
            continue
    return results | {"semantic/probe_mIoU": probe(model, scenes / "ADEChallengeData2016")}


def picture(sample: dict[str, Any]) -> np.ndarray:
    """(H, W, 3) RGB of a sample of shards."""
    return np.ascontiguousarray(sample["img"][..., ::-1])


def class_accuracy(model: MTV, folder: Path) -> float:
    """Share of the pictures in folders of classes whose class is the likeliest by its name."""
    paths, labels = [], []
    for label, name in enumerate(CLASSIFICATION_CLASSES):
        own = sorted((folder / name).iterdir())
        paths += own
        labels += [label] * len(own)
    scores = model.classify(paths, CLASSIFICATION_CLASSES, templates=TEMPLATES)
    return float((scores.argmax(-1).cpu() == torch.tensor(labels)).float().mean())


def retrieval(model: MTV, samples: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Recall at 1, both ways: pictures among each other, by all captions of each."""
    images = model.encode_image(picture(sample) for sample in samples).cpu().numpy()
    texts = [text for sample in samples for text in sample["captions"]]
    owners = np.repeat(np.arange(len(samples)), [len(s["captions"]) for s in samples])
    encoded = model.encode_text(texts).cpu().numpy()
    return {
        "retrieval/image_to_text_r1": float((image_ranks(images, encoded, owners) < 1).mean()),
        "retrieval/text_to_image_r1": float((text_ranks(images, encoded, owners) < 1).mean()),
    }


def regions(model: MTV, samples: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Share of regions whose name is the likeliest among all names of the pictures."""
    names = sorted({name for sample in samples for name in sample["regions"].names})
    right = []
    for sample in samples:
        own = sample["regions"]
        best = model.name_regions(picture(sample), own.boxes, names).argmax(-1).tolist()
        right += [names[place] == name for place, name in zip(best, own.names, strict=True)]
    return {"regions/top1": float(np.mean(right))}


def depth(model: MTV, samples: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean relative error of depth, in scale and shift of inverse depth fitted to each picture."""
    predictions = model.depth(picture(sample) for sample in samples)
    errors = [
        relative_error(prediction, *sample["disparity"])
        for prediction, sample in zip(predictions, samples, strict=True)
    ]
    return {"depth/abs_rel": float(np.mean(errors))}


def relative_error(prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """Mean of ``|d' - d| / d``, once the prediction is fitted to the truth by least squares.

    Args:
        prediction: (H, W) inverse depth, up to scale and shift.
        truth: (H, W) inverse depth, 1/m.
        valid: (H, W) bool.
    """
    seen = valid & (truth > 1 / MAX_DEPTH)
    target, given = truth[seen].astype(np.float64), prediction[seen].astype(np.float64)
    design = np.stack([given, np.ones_like(given)], axis=1)
    fitted = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    # The error of 1 / fitted relative to 1 / target.
    return float(np.abs(target / fitted.clip(1 / MAX_DEPTH) - 1).mean())


def probe(model: MTV, scenes: Path) -> float:
    """The mIoU of semantic labels of patches, by a linear layer on the frozen features."""
    folders = [(scenes / "images" / part, scenes / "annotations" / part) for part in _PARTS]
    (train, fitted), (test, truth) = (
        _patches(model, images, labels, most)
        for (images, labels), most in zip(folders, (PROBE_PICTURES, None), strict=True)
    )
    mean, deviation = train.mean(0), train.std(0) + 1e-6
    layer = fit((train - mean) / deviation, fitted, len(SEMANTIC_CLASSES))
    with torch.no_grad():
        answers = layer((test - mean) / deviation).argmax(-1)
    return mean_iou(answers, truth, len(SEMANTIC_CLASSES))


_PARTS = ("training", "validation")


def _patches(model: MTV, images: Path, labels: Path, most: int | None) -> tuple[Tensor, Tensor]:
    """Features (n, D) and labels (n,) of the patches that show mostly one of the classes."""
    paths = sorted(images.iterdir())[:most]
    features = model.patch_features(paths).cpu()
    grid = features.shape[1]
    found = []
    for path in paths:
        stored = cv2.imread(str(labels / f"{path.stem}.png"), cv2.IMREAD_UNCHANGED)
        assert stored is not None, path
        one_hot = F.one_hot(torch.from_numpy(stored).long(), len(SEMANTIC_CLASSES) + 1)
        shares = F.interpolate(one_hot.permute(2, 0, 1)[None].float(), (grid, grid), mode="area")
        found.append(shares[0].argmax(0).flatten())  # 0 is something else
    label = torch.cat(found)
    known = label > 0
    return features.flatten(0, 2)[known], label[known] - 1


def fit(features: Tensor, labels: Tensor, number: int) -> torch.nn.Linear:
    """A linear layer by logistic regression, with a little weight decay."""
    layer = torch.nn.Linear(features.shape[1], number)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(layer(features), labels) + 1e-4 * layer.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return layer


def mean_iou(answers: Tensor, truth: Tensor, number: int) -> float:
    """Mean of intersection by union over the classes that occur; (n,) labels."""
    table = torch.bincount(truth * number + answers, minlength=number**2).reshape(number, number)
    union = table.sum(0) + table.sum(1) - table.diagonal()
    return float((table.diagonal()[union > 0] / union[union > 0]).mean())
