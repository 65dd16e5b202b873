"""What mmpose's codecs read off the outputs of a head, all keypoints at once, in PyTorch.

Sources of the decoding: DARK (Zhang et al., CVPR 2020) as UDP (Huang et al., CVPR 2020) uses it;
SimCC (Li et al., ECCV 2022); after mmpose's ``UDPHeatmap``, ``MSRAHeatmap``, ``SimCCLabel`` and
``RegressionLabel``.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from mmpose.codecs import MSRAHeatmap, RegressionLabel, SimCCLabel, UDPHeatmap
from torch import Tensor

# Output of a head and its codec, to pixels of the crop (B, K, 2) as x, y and scores (B, K).
Reader = Callable[[Any, Any], tuple[Tensor, Tensor]]


def reader_of(codec: Any) -> tuple[Reader | None, str]:
    """The function for a codec, or ``None`` and what of it is not exported."""
    name = type(codec).__name__
    if isinstance(codec, UDPHeatmap):
        kind = codec.heatmap_type
        return (read_udp, "") if kind == "gaussian" else (None, f"its {name} is of type {kind!r}")
    if isinstance(codec, MSRAHeatmap):
        return read_msra, ""
    if isinstance(codec, SimCCLabel):
        if codec.use_dark or codec.decode_visibility:
            return None, f"its {name} has use_dark or decode_visibility"
        return read_simcc, ""
    if isinstance(codec, RegressionLabel):
        return read_coordinates, ""
    return None, f"its codec is a {name}"


def read_udp(heatmaps: Tensor, codec: Any) -> tuple[Tensor, Tensor]:
    """Maxima of heatmaps, refined."""
    x, y, scores = _maxima(heatmaps)
    points = refine(heatmaps, x, y, codec.blur_kernel_size)
    width, height = codec.heatmap_size
    cells = points.new_tensor([width - 1, height - 1])
    return points / cells * points.new_tensor(codec.input_size), scores


def read_msra(heatmaps: Tensor, codec: Any) -> tuple[Tensor, Tensor]:
    """Maxima of heatmaps, moved a quarter of a cell towards the higher neighbour, or refined."""
    x, y, scores = _maxima(heatmaps)
    if codec.unbiased:
        points = refine(heatmaps, x, y, codec.blur_kernel_size)
    else:
        height, width = heatmaps.shape[-2:]
        flat = F.pad(heatmaps, (1, 1, 1, 1)).flatten(2)

        def at(dx: int, dy: int) -> Tensor:
            index = (x + 1 + dx) + (y + 1 + dy) * (width + 2)
            return flat.gather(2, index.clamp(min=0)[..., None])[..., 0]

        inside_x = (x > 1) & (x < width - 1) & (y > 0) & (y < height)
        inside_y = (y > 1) & (y < height - 1) & (x > 0) & (x < width)
        dx = torch.where(inside_x, at(1, 0) - at(-1, 0), 0.0)
        dy = torch.where(inside_y, at(0, 1) - at(0, -1), 0.0)
        points = torch.stack([x + dx.sign() / 4, y + dy.sign() / 4], -1)
    return points * points.new_tensor(codec.scale_factor), scores


def read_simcc(lines: tuple[Tensor, Tensor], codec: Any) -> tuple[Tensor, Tensor]:
    """Maxima of a line of values along x, and of one along y; the lower one is the score."""
    (best_x, x), (best_y, y) = (line.float().max(-1) for line in lines)
    scores = torch.minimum(best_x, best_y)
    points = torch.where((scores > 0)[..., None], torch.stack([x, y], -1), -1)
    return points.float() / codec.simcc_split_ratio, scores


def read_coordinates(values: Tensor, codec: Any) -> tuple[Tensor, Tensor]:
    """Coordinates in [0, 1]; with deviations behind them these give the score, else it is 1."""
    values = values.float()
    points = values[..., :2] * values.new_tensor(codec.input_size)
    if values.shape[-1] == 4:
        return points, (1 - values[..., 2:]).mean(-1)
    return points, torch.ones_like(values[..., 0])


def _maxima(heatmaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Columns, rows and values (B, K) of the maxima of (B, K, H, W).

    mmpose marks a map without a positive value by the cell (-1, -1), and refines from there.
    """
    scores, place = heatmaps.flatten(2).max(-1)
    width = heatmaps.shape[-1]
    is_empty = scores <= 0
    return (
        torch.where(is_empty, -1, place % width),
        torch.where(is_empty, -1, place // width),
        scores,
    )


def refine(heatmaps: Tensor, x: Tensor, y: Tensor, kernel_size: int) -> Tensor:
    """Maxima refined by a Taylor expansion of the logarithm.

    Args:
        heatmaps: (B, K, H, W).
        x: Columns (B, K) of the maxima.
        y: Rows.
        kernel_size: Of the Gaussian that smooths the maps first; odd.

    Returns:
        Cells (B, K, 2) as x, y.
    """
    height, width = heatmaps.shape[-2:]
    smooth = _blur(heatmaps, kernel_size)
    highest = heatmaps.flatten(2).amax(-1)
    smooth = smooth * (highest / smooth.flatten(2).amax(-1))[..., None, None]
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
    return torch.stack([x - step_x, y - step_y], -1)


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
