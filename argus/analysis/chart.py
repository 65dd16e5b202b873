"""What the charts share: colours, a figure without global state, its file."""

from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from argus.errors import DataError
from argus.visualization.palette import BLACK, BLUE, GREEN, ORANGE, PURPLE, RGB, SKY_BLUE, VERMILION

# Yellow of the palette is left out: as a line it cannot be seen on white.
LINE_COLORS: tuple[RGB, ...] = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK)
LineStyle = Literal["-", "--", ":", "-."]
LINE_STYLES: tuple[LineStyle, ...] = ("-", "--", ":", "-.")
DPI = 110


def line_color(index: int) -> tuple[float, float, float]:
    """Colour of the curve with a number, repeated after seven."""
    red, green, blue = LINE_COLORS[index % len(LINE_COLORS)]
    return red / 255, green / 255, blue / 255


def line_style(index: int) -> LineStyle:
    """Style of the curve with a number: the second seven are dashed, and so on."""
    return LINE_STYLES[index // len(LINE_COLORS) % len(LINE_STYLES)]


def clean(axes: Axes, title: str) -> None:
    """Title at the left, faint grid, no frame at the top and right."""
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def save_png(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG and make its folder.

    Raises:
        DataError: If the file cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI, format="png", facecolor="white")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path
