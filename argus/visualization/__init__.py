"""One picture per task, and a sheet of all of them. No global visualizer, no window."""

from argus.visualization.palette import make_palette
from argus.visualization.render import (
    compare,
    find_kind,
    register_renderer,
    render,
    truth_pictures,
)
from argus.visualization.sheet import contact_sheet, side_by_side

__all__ = [
    "compare",
    "contact_sheet",
    "find_kind",
    "make_palette",
    "register_renderer",
    "render",
    "side_by_side",
    "truth_pictures",
]
