"""What the caller of a renderer chooses."""

from collections.abc import Sequence
from dataclasses import dataclass

from argus.visualization.palette import GREY, RGB, make_palette


@dataclass(frozen=True, kw_only=True)
class Style:
    """Options of all renderers.

    Args:
        classes: Class names by label; for keypoints the keypoint names.
        palette: RGB colour by label; ``None`` for the colour-blind safe default.
        source: ``pred`` or ``gt``.
        skeleton: Pairs of keypoint indices to connect; ``None`` for COCO's where it fits.
        score_threshold: Predictions below it are not drawn.
    """

    classes: Sequence[str]
    palette: Sequence[RGB] | None = None
    source: str = "pred"
    skeleton: Sequence[tuple[int, int]] | None = None
    score_threshold: float = 0.3

    def name(self, label: int) -> str:
        """Name of a class; its number if the list of names is too short."""
        return self.classes[label] if 0 <= label < len(self.classes) else f"class {label}"

    def color(self, label: int) -> RGB:
        """Colour of a class; grey if a given palette is too short."""
        palette = make_palette(label + 1) if self.palette is None else self.palette
        if not 0 <= label < len(palette):
            return GREY
        red, green, blue = (int(channel) for channel in palette[label])
        return red, green, blue
