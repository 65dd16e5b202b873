"""Grad-CAM: which places of an image speak for a class, in the maps that the classifier pools.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017. With the score y of a class before the softmax and channel A_k of a map
with Z places,

    alpha_k = 1/Z sum_ij dy / dA_k,ij        (eq. 1)
    L       = ReLU(sum_k alpha_k A_k)        (eq. 2)

What was added: the attentive pooler reads maps of several strides at once. They count as channels
of one map of the finest stride, of which a coarse map is the mean over its cells: then Z is that of
the finest map for all, and what a coarse place says is spread over its cell.

Equation 1 takes the mean over all places, though the pooler listens to few: its attention is
peaked, and the gradient of a place it passes over is near 0. The method ``hires-cam`` therefore
leaves the mean out,

    L = ReLU(sum_k dy / dA_k * A_k)      place by place,

so that only places that the pooler listens to are shown (Draelos and Carin, "Use HiResCAM instead
of Grad-CAM for faithful explanations of convolutional neural networks", 2020, equation 3).
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.registry import DATASETS
from mmpretrain.models import ImageClassifier
from torch import Tensor

from argus.analysis.loaded_model import LoadedModel
from argus.errors import ConfigError
from argus.inference.normaliser import Normaliser
from argus.inference.size_rule import SizeRule
from argus.inference.task_info import labels_of
from argus.models.foreign import library_scope
from argus.precision import autocast
from argus.visualization.anomaly import draw_heat
from argus.visualization.canvas import Canvas
from argus.visualization.sheet import contact_sheet

_DIVISOR = 32  # of image sides, for the coarsest map
_CELL_PX = 400
_MOST_LISTED = 20
METHODS = ("grad-cam", "hires-cam")


def weighted_maps(score: Tensor, maps: Sequence[Tensor], *, method: str) -> list[Tensor]:
    """Channels of each map, weighted by their gradients and summed; not yet rectified.

    Args:
        score: Sum of the scores of the images, before a softmax.
        maps: ``(B, C, H_l, W_l)`` each, from which ``score`` was computed.
        method: A key of ``METHODS``.

    Returns:
        ``(B, H_l, W_l)`` for each map; zeros for a map that the score does not depend on.
    """
    gradients = torch.autograd.grad(score, maps, allow_unused=True)
    finest = max(feature[0, 0].numel() for feature in maps)
    weighted = []
    for feature, gradient in zip(maps, gradients, strict=True):
        if gradient is None:
            gradient = torch.zeros_like(feature)
        if method == "grad-cam":
            alpha = gradient.sum(dim=(2, 3), keepdim=True) / finest
        else:
            alpha = gradient * (feature[0, 0].numel() / finest)
        weighted.append((alpha * feature).sum(1).detach())
    return weighted


def combine(weighted: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """Equation 2 over the channels of all maps, at one size.

    Args:
        weighted: ``(B, H_l, W_l)`` each.
        size: Height and width of the result.

    Returns:
        ``(B, H, W)``, >= 0; the scale is that of the score and differs between models.
    """
    resized = [
        F.interpolate(level[:, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
        for level in weighted
    ]
    return torch.stack(resized).sum(0).relu()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Where a classifier sees a class.

    Args:
        image: What the model was shown: resized, perhaps cropped; RGB ``(h, w, 3)`` uint8.
        heat: ``(h, w)`` float32, >= 0; larger speaks more for the class.
        label: The class.
        name: Its name.
        probability: That the model gives it, in [0, 1].
    """

    image: np.ndarray
    heat: np.ndarray
    label: int
    name: str
    probability: float


class Explainer:
    """Grad-CAM of the classifier of a model.

    Args:
        loaded: The model.
        task: Name of the classification task; needed where the model has several.
        method: ``grad-cam`` or ``hires-cam``.

    Raises:
        ConfigError: If there is no such task or method, or several tasks to choose from.
    """

    def __init__(
        self, loaded: LoadedModel, *, task: str | None = None, method: str = "grad-cam"
    ) -> None:
        if method not in METHODS:
            raise ConfigError(f"method: expected one of {METHODS}, found {method!r}.")
        self.method = method
        self.loaded = loaded
        self.task = _find_classifier(loaded, task)
        self.decoder: Any = loaded.model.eval().decoders[self.task]
        config = loaded.configs[self.task]
        self.classes = _class_names(config)
        self.rule = SizeRule.of_task(config, library="mmpretrain", task=self.task)
        self.normalise = Normaliser.of(self.decoder.data_preprocessor)

    def label_of(self, name: str) -> int:
        """Number of a class.

        Raises:
            ConfigError: If the model has none of that name.
        """
        if name not in self.classes:
            close = difflib.get_close_matches(name, self.classes, n=2)
            known = ", ".join(self.classes[:_MOST_LISTED]) or "classes without names"
            more = ", ..." * (len(self.classes) > _MOST_LISTED)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else known + more
            raise ConfigError(f"the model has no class {name!r}: {hint}")
        return self.classes.index(name)

    def __call__(self, image: np.ndarray, *, name: str | None = None) -> Explanation:
        """Explain one class of one picture.

        Args:
            image: RGB ``(H, W, 3)`` uint8.
            name: The class; by default the most probable one.
        """
        shown = self.rule.apply(image[..., ::-1]).image[..., ::-1]  # pipelines load BGR
        shown = np.ascontiguousarray(shown)
        label = None if name is None else self.label_of(name)
        inputs = self.normalise([shown], divisor=_DIVISOR, device=self.loaded.device)
        with torch.no_grad(), autocast(self.loaded.precision, self.loaded.device.type):
            maps = [feature.float() for feature in self.loaded.model.features(inputs)]
        maps = [feature.requires_grad_() for feature in maps]
        logits = self.decoder(tuple(maps), mode="tensor")[0]  # (classes,)
        label = int(logits.argmax()) if label is None else label
        weighted = weighted_maps(logits[label], maps, method=self.method)
        heat = combine(weighted, (inputs.shape[2], inputs.shape[3]))[0]
        return Explanation(
            image=shown,
            heat=heat[: shown.shape[0], : shown.shape[1]].cpu().numpy(),
            label=label,
            name=self.classes[label] if self.classes else f"class {label}",
            probability=float(logits.detach().softmax(0)[label]),
        )


def _find_classifier(loaded: LoadedModel, task: str | None) -> str:
    """Name of the task whose decoder classifies images."""
    decoders = loaded.model.decoders
    found = [name for name, decoder in decoders.items() if isinstance(decoder, ImageClassifier)]
    if task is not None and task not in found:
        raise ConfigError(f"{task!r} is no classification task of the model; there are {found}.")
    if task is None and len(found) != 1:
        raise ConfigError(
            "Grad-CAM needs a classification task (an ImageClassifier of mmpretrain), found "
            f"{found or 'none'} among {list(decoders)}." + (" Name one by --task." * bool(found))
        )
    return task or found[0]


def _class_names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names by label, of the task or of the data set that it is tested on."""
    dataset = dict((config.get("test") or config.get("val") or {}).get("dataset", {}))
    if isinstance(dataset.get("type"), str):
        with library_scope("mmpretrain"):
            dataset["type"] = DATASETS.get(dataset["type"])
    classes = config.get("classes") or ()
    return labels_of({"val": {"dataset": dataset}, "classes": classes}).classes


def draw_explanations(rows: Sequence[Mapping[str, Explanation]]) -> np.ndarray:
    """A row per picture: what the models saw, and the heat maps of each.

    The colours of every map reach from 0 to its own maximum: scores of two models have no common
    scale.

    Args:
        rows: Explanations by the name of the model, the same models in every row.

    Returns:
        RGB uint8.
    """
    pictures, titles = [], []
    for row in rows:
        first = next(iter(row.values()))
        pictures.append(Canvas(first.image).to_array())
        titles.append("image")
        for name, explanation in row.items():
            canvas = Canvas(explanation.image)
            draw_heat(canvas, explanation.heat, 0.0, max(float(explanation.heat.max()), 1e-12))
            pictures.append(canvas.to_array())
            titles.append(f"{name}: {explanation.name} {100 * explanation.probability:.1f} %")
    return contact_sheet(pictures, titles, columns=1 + len(rows[0]), cell_width_px=_CELL_PX)
