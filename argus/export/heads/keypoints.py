"""Keypoints: a top-down pose estimator on crops of people as a graph.

Source of the decoding: DARK (Zhang et al., CVPR 2020) as UDP (Huang et al., CVPR 2020) uses it,
after mmpose's ``UDPHeatmap``; all keypoints at once, in PyTorch.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmpose.codecs import UDPHeatmap
from mmpose.models import TopdownPoseEstimator
from torch import Tensor

from argus.export.heads.base import ExportHead, Output


class KeypointsExport(ExportHead):
    """Heatmaps, and the refined place of their maxima; a flip test is left out."""

    kind: ClassVar[str] = "keypoints"

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if not isinstance(decoder, TopdownPoseEstimator):
            return "it is no TopdownPoseEstimator"
        codec = decoder.head.decoder
        if not isinstance(codec, UDPHeatmap) or codec.heatmap_type != "gaussian":
            return f"its codec is a {type(codec).__name__}, expected a UDPHeatmap of Gaussians"
        return ""

    @classmethod
    def crop_size(cls, decoder: Any) -> tuple[int, int]:
        """(height, width) of the crops that the decoder was trained on."""
        width, height = decoder.head.decoder.input_size
        return int(height), int(width)

    def outputs(self) -> list[Output]:
        """Keypoints and their scores."""
        points = ("batch", self.decoder.head.out_channels)
        return [
            Output(f"{self.task}_points", (*points, 2), "float32", "x, y, pixels of the crop"),
            Output(f"{self.task}_scores", points, "float32", "maximum of the heatmap, 0 to 1"),
        ]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        codec = self.decoder.head.decoder
        heatmaps = self.decoder.head(self.decoder.extract_feat(tuple(maps))).float()
        points, scores = decode_heatmaps(heatmaps, codec.blur_kernel_size)
        width, height = codec.heatmap_size
        cells = points.new_tensor([width - 1, height - 1])
        return points / cells * points.new_tensor(codec.input_size), scores


def decode_heatmaps(heatmaps: Tensor, kernel_size: int) -> tuple[Tensor, Tensor]:
    """Maxima of heatmaps, refined by a Taylor expansion of the logarithm.

    Args:
        heatmaps: (B, K, H, W).
        kernel_size: Of the Gaussian that smooths them first; odd.

    Returns:
        Cells (B, K, 2) as x, y, and the maxima (B, K).
    """
    height, width = heatmaps.shape[-2:]
    peaks = heatmaps.flatten(2)
    scores, place = peaks.max(-1)
    # mmpose marks a map without a positive value by the cell (-1, -1), and refines from there.
    empty = scores <= 0
    x = torch.where(empty, -1, place % width)
    y = torch.where(empty, -1, place // width)
    smooth = _blur(heatmaps, kernel_size)
    smooth = smooth * (scores / smooth.flatten(2).amax(-1))[..., None, None]
    logs = smooth.clamp(1e-3, 50.0).log()
    padded = F.pad(logs, (1, 1, 1, 1), mode="replicate").flatten(2)
    stride = width + 2
    centre = x + 1 + (y + 1) * stride

    def at(dx: int, dy: int) -> Tensor:
        index = centre + dx + dy * stride
        # Only next to the cell (-1, -1) this leaves the map; there the result has no meaning.
        index = index.clamp(0, (height + 2) * stride - 1)
        return padded.gather(2, index[..., None])[..., 0]

    here, right, left, below, above = at(0, 0), at(1, 0), at(-1, 0), at(0, 1), at(0, -1)
    gx, gy = (right - left) / 2, (below - above) / 2
    epsilon = torch.finfo(torch.float32).eps
    xx = right - 2 * here + left + epsilon
    yy = below - 2 * here + above + epsilon
    xy = (at(1, 1) - right - below + 2 * here - left - above + at(-1, -1)) / 2
    determinant = xx * yy - xy * xy
    step_x = (yy * gx - xy * gy) / determinant
    step_y = (xx * gy - xy * gx) / determinant
    return torch.stack([x - step_x, y - step_y], -1), scores


def _blur(heatmaps: Tensor, kernel_size: int) -> Tensor:
    """OpenCV's Gaussian blur with its default deviation, zeros around the map."""
    sigma = 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8
    steps = torch.arange(kernel_size, dtype=torch.float32, device=heatmaps.device)
    kernel = (-((steps - kernel_size // 2) ** 2) / (2 * sigma**2)).exp()
    kernel = kernel / kernel.sum()
    maps = heatmaps.flatten(0, 1)[:, None]
    maps = F.conv2d(maps, kernel.view(1, 1, -1, 1), padding=(kernel_size // 2, 0))
    maps = F.conv2d(maps, kernel.view(1, 1, 1, -1), padding=(0, kernel_size // 2))
    return maps[:, 0].view_as(heatmaps)
