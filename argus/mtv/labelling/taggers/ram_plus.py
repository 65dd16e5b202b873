"""Tags by RAM++, as in the paper; ``ram_plus_network`` says what is known of its weights.

Its list of tags, of thresholds and its weights come from its authors, none of them is here:
``ram_tag_list.txt`` and ``ram_tag_list_threshold.txt`` of their repository, and
``ram_plus_swin_large_14m.pth``.
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from argus.errors import CheckpointError, ConfigError
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.registry import TAGGERS
from argus.mtv.labelling.taggers.ram_plus_network import RamPlusNetwork, own_names
from argus.mtv.labelling.taggers.tagger import Tagger, listed_as, read_tags
from argus.mtv.labelling.teachers import (
    check_precision,
    computing,
    device,
    on_device,
    record_of,
)
from argus.names.wording import counted, listed
from argus.safe_load import read_tensors
from argus.storage.tensor_problems import tensor_problems

_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
_STD = np.array((0.229, 0.224, 0.225), np.float32)


@TAGGERS.register_module()
class RamPlus(Tagger):
    """Tags whose probability is above a threshold of their own.

    Args:
        weights: File of the authors (``.pth``, of which tensors alone are read), or safetensors
            with the same names.
        tags: File with its tags, one a line, in its order.
        thresholds: File with their thresholds, one a line; without one all have ``threshold``.
        threshold: In [0, 1].
        most: Tags of a picture, the most probable ones.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        network: Sizes of ``RamPlusNetwork`` that differ from those of the released weights.

    Raises:
        ConfigError: A list cannot be read or does not fit, a value is out of range, or ``timm`` is
            missing.
        CheckpointError: The weights cannot be read, or do not fit.
    """

    name = "ram_plus"

    def __init__(
        self,
        *,
        weights: str,
        tags: str,
        thresholds: str | None = None,
        threshold: float = 0.68,
        most: int = 100,
        precision: str = "fp32",
        network: Mapping[str, Any] | None = None,
    ) -> None:
        check_precision(precision, where="RamPlus")
        if not 0 <= threshold <= 1 or most < 1:
            raise ConfigError(
                f"RamPlus: expected threshold in [0, 1] and most >= 1, found {threshold} and "
                f"{most}."
            )
        self.vocabulary = read_tags(tags)
        self._bars = _thresholds(thresholds, threshold, len(self.vocabulary)).to(device())
        state = _read(weights)
        sizes = dict(network or {})
        self._network = RamPlusNetwork(num_tags=len(self.vocabulary), **sizes)
        _check_fit(self._network.state_dict(), state, weights)
        self._network.load_state_dict(state)
        self._network.to(device()).eval().requires_grad_(False)
        self._side = int(sizes.get("side", 384))
        self.most, self.precision = most, precision
        self.teachers = (record_of(weights, role="tags"),)
        self.settings = dict(
            tags=listed_as(self.vocabulary),
            thresholds=listed_as(self._bars.tolist()),
            most=most,
            precision=precision,
        )

    def prepare(self, picture: Picture) -> Any:
        """(3, S, S) float32; the picture is squeezed to a square."""
        image = Image.fromarray(np.ascontiguousarray(picture.pixels))
        square = image.resize((self._side, self._side), Image.Resampling.BILINEAR)
        values = (np.asarray(square, np.float32) / np.float32(255) - _MEAN) / _STD
        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))

    def tags(self, batch: Sequence[Any]) -> list[list[str]]:
        """Those above their thresholds."""
        with computing(self.precision):
            scores = self._network(on_device(list(batch))).float().sigmoid()
            order = scores.argsort(descending=True, stable=True).cpu()
            passed = (scores > self._bars).cpu()
        return [
            [self.vocabulary[tag] for tag in ranks.tolist() if own[tag]][: self.most]
            for ranks, own in zip(order, passed, strict=True)
        ]


def _thresholds(path: str | None, threshold: float, number: int) -> Tensor:
    if path is None:
        return torch.full((number,), threshold)
    try:
        found = [float(line) for line in Path(path).read_text().split()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"RamPlus.thresholds: {path} cannot be read: {error}.") from error
    if len(found) != number or not all(0 <= value <= 1 for value in found):
        raise ConfigError(
            f"RamPlus.thresholds: {path} has {counted(len(found), 'line')}; expected a number in "
            f"[0, 1] for each of {counted(number, 'tag')}."
        )
    return torch.tensor(found)


def _read(path: str) -> dict[str, Tensor]:
    try:
        found = load_file(path) if path.endswith(".safetensors") else read_tensors(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    state = found.get("model", found) if isinstance(found, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise CheckpointError(f"{path} has no tensors of a model: expected those of RAM++.")
    named, left = own_names(state)
    if left:
        warnings.warn(
            f"{path}: {counted(len(left), 'tensor')} that RAM++ has no use for when it tags: "
            f"{listed(left)}",
            stacklevel=3,
        )
    return named


def _check_fit(own: Mapping[str, Tensor], found: Mapping[str, Tensor], path: str) -> None:
    problems = tensor_problems(own, found)
    if problems:
        raise CheckpointError(
            f"{path} does not fit RAM++ with this list of tags: {'; '.join(problems)}. Give its "
            "own list (4,585 tags), or the sizes of another network."
        )
