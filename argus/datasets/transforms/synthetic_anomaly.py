"""Paint a synthetic defect on a flawless picture, with its mask: training data for segmentation.

Source: "DRAEM - A discriminatively trained reconstruction embedding for surface anomaly detection"
(Zavrtanik et al., ICCV 2021, section 3.3) and its published code for the numbers.

What was changed: without a folder of textures, procedural ones take their place. A defect can also
be a missing part, and pixels that hardly changed can be left out of the mask (as in "Natural
Synthetic Anomalies", Schlueter et al., ECCV 2022); both are off by default.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.anomaly_texture import augment, erase, procedural, salient_disc
from argus.datasets.transforms.loading import decode_image
from argus.datasets.transforms.perlin import perlin_noise
from argus.datasets.transforms.reading import read_bytes
from argus.errors import ConfigError, DataError
from argus.files.foreign import is_clutter
from argus.names.wording import counted
from argus.registry import TRANSFORMS

_SUFFIXES = (".jpg", ".jpeg", ".png")


@TRANSFORMS.register_module()
class SyntheticAnomaly(BaseTransform):
    """Change ``img`` with some probability; set ``gt_anomaly_map`` (H, W) uint8 and ``gt_anomaly``.

    The mask is where Perlin noise, of 2^0 to 2^5 cells along each side and turned by up to 90
    degrees, exceeds a threshold. There the picture becomes a mixture of itself and a texture.

    Args:
        prob: Probability of a defect. Noise that nowhere exceeds the threshold leaves the picture
            flawless all the same.
        threshold: Of the noise, whose range is about [-1, 1].
        max_octave: The greatest exponent of the number of cells.
        image_share: Range of the picture's own share in the mixture (``beta`` of DRAEM's code).
        texture_dir: Folder of texture pictures, for example DTD's ``images``, searched at any
            depth; ``None`` for procedural textures.
        erase_prob: Probability that a defect is a missing part instead: a disc around a place that
            stands out, filled from around it.
        min_change: Least change of a pixel, the largest over the channels and in [0, 255], that
            counts as a defect.

    Raises:
        ConfigError: ``texture_dir`` has no picture.
    """

    def __init__(
        self,
        *,
        prob: float = 0.5,
        threshold: float = 0.5,
        max_octave: int = 5,
        image_share: tuple[float, float] = (0.0, 0.8),
        texture_dir: str | None = None,
        erase_prob: float = 0.0,
        min_change: int = 0,
    ) -> None:
        self.prob = prob
        self.threshold = threshold
        self.max_octave = max_octave
        self.image_share = (image_share[0], image_share[1])
        self.erase_prob = erase_prob
        self.min_change = min_change
        self.textures = None if texture_dir is None else _list_textures(texture_dir)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the defect and its mask to ``results``.

        Raises:
            DataError: The picture is defective already, or a texture does not decode.
        """
        if results.get("gt_anomaly"):
            raise DataError(
                f"{results.get('img_path')}: SyntheticAnomaly needs flawless pictures, but this "
                "one has a defect. Use it with the training split alone."
            )
        # Follows the seed that the loader gave to this worker.
        rng = np.random.default_rng(np.random.randint(2**31))
        image = results["img"]
        mask = np.zeros(image.shape[:2], bool)
        if rng.random() < self.prob:
            image, mask = self._paint(image, rng)
        results["img"] = image
        results["gt_anomaly_map"] = mask.astype(np.uint8)
        results["gt_anomaly"] = int(mask.any())
        return results

    def _paint(self, image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        if rng.random() < self.erase_prob:
            mask = salient_disc(image, rng)
            texture, share = erase(image, mask), 0.0
        else:
            mask = self._noise_mask(image.shape[:2], rng)
            texture, share = self._texture(image, rng), rng.uniform(*self.image_share)
        mixture = share * image.astype(np.float32) + (1 - share) * texture
        painted = np.where(mask[..., None], mixture, image).round().astype(np.uint8)
        change = np.abs(painted.astype(np.int16) - image).max(axis=2)
        return painted, mask & (change >= self.min_change)

    def _noise_mask(self, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        rows, columns = 2 ** rng.integers(0, self.max_octave + 1, 2)
        noise = perlin_noise(shape, (int(rows), int(columns)), rng)
        height, width = shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-90, 90), 1.0)
        return np.asarray(cv2.warpAffine(noise, turn, (width, height)) > self.threshold)

    def _texture(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A texture of the picture's size, (H, W, 3) uint8 BGR."""
        height, width = image.shape[:2]
        if self.textures is None:
            return augment(procedural((height, width), rng), rng)
        path = self.textures[rng.integers(len(self.textures))]
        try:
            texture = decode_image(read_bytes(path))
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        return augment(cv2.resize(texture, (width, height)), rng)

    def __repr__(self) -> str:
        count = "procedural" if self.textures is None else counted(len(self.textures), "picture")
        return f"{type(self).__name__}(prob={self.prob}, textures={count})"


def _list_textures(folder: str) -> list[Path]:
    found = sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and not any(map(is_clutter, path.relative_to(folder).parts))
    )
    if not found:
        raise ConfigError(
            f"SyntheticAnomaly.texture_dir: no picture ({', '.join(_SUFFIXES)}) in or below "
            f"{Path(folder).absolute()}. Name the images of a texture set such as DTD, or set it "
            "to None for procedural textures."
        )
    return found
