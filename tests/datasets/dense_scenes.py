"""A few generated scenes in the layouts of the dense tasks."""

from pathlib import Path

from argus.datasets.scenes.generate import Settings, generate

SETTINGS = Settings(
    num_train=8,
    num_val=2,
    num_classification=(0, 0),
    num_anomaly=(0, 0, 0),
    width=96,
    height=64,
    seed=2,
    layouts=("nyuv2", "pascal"),
)


def write_scenes(folder: Path) -> Path:
    """Write them below ``folder`` and return their root."""
    generate(folder / "scenes", SETTINGS, num_workers=1)
    return folder / "scenes"
