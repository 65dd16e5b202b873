"""What the paper reached: its Tables 3, 4 and 5.

Source: "Revisiting Multi-Task Visual Representation Learning" (arXiv 2601.13886).
"""

from collections.abc import Mapping

COLUMNS = {
    "in1k": "ImageNet-1k zero-shot, %",
    "coco_t2i": "COCO text to image, R@1, %",
    "coco_i2t": "COCO image to text, R@1, %",
    "vqa": "VQA, %",
    "ade20k": "ADE20K, mIoU, %",
    "navi": "NAVI, recall, %",
    "spair": "SPair-71k, recall, %",
    "nyu": "NYUv2, RMSE, m",
}
"""Columns of Tables 3 and 5 in their order."""
LOWER_IS_BETTER = ("nyu",)

Row = Mapping[str, float]


def _row(*values: float) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


TASKS = ("VL", "VL + SSL", "VL + SSL + Ground.", "VL + SSL + Ground. + Depth")
"""Rows of a block of Table 3, each with one task more."""

TABLE_3: Mapping[str, Mapping[str, Row]] = {
    "B/16 10M": dict(
        zip(
            TASKS,
            (
                _row(36.2, 14.8, 21.9, 41.1, 27.5, 39.5, 17.0, 0.643),
                _row(43.7, 19.7, 28.6, 43.1, 36.2, 41.5, 21.1, 0.568),
                _row(49.0, 23.5, 33.9, 43.2, 39.5, 43.3, 22.4, 0.537),
                _row(49.7, 23.9, 34.1, 43.4, 41.7, 43.6, 22.8, 0.512),
            ),
            strict=True,
        )
    ),
    "B/16 50M": dict(
        zip(
            TASKS,
            (
                _row(55.7, 28.2, 43.0, 42.2, 32.2, 39.8, 18.0, 0.604),
                _row(61.4, 32.4, 48.0, 44.7, 39.9, 40.4, 22.7, 0.556),
                _row(62.9, 34.7, 50.7, 45.1, 43.0, 43.8, 25.4, 0.513),
                _row(62.9, 35.0, 50.5, 45.8, 43.7, 44.1, 24.5, 0.482),
            ),
            strict=True,
        )
    ),
    "L/16 10M": dict(
        zip(
            TASKS,
            (
                _row(35.0, 14.9, 21.6, 39.0, 30.0, 40.1, 18.1, 0.630),
                _row(49.4, 23.7, 34.0, 42.1, 40.4, 43.4, 25.6, 0.535),
                _row(53.4, 25.6, 37.8, 43.7, 43.6, 44.3, 27.0, 0.498),
                _row(54.3, 26.6, 38.6, 44.3, 45.6, 46.2, 27.5, 0.455),
            ),
            strict=True,
        )
    ),
    "L/16 50M": dict(
        zip(
            TASKS,
            (
                _row(60.8, 31.1, 46.3, 43.3, 37.3, 39.9, 19.8, 0.575),
                _row(65.4, 34.5, 48.0, 44.9, 45.5, 43.2, 27.3, 0.501),
                _row(67.6, 37.4, 51.5, 45.9, 47.2, 43.7, 28.1, 0.472),
                _row(67.9, 37.3, 52.3, 45.9, 49.1, 45.9, 29.7, 0.421),
            ),
            strict=True,
        )
    ),
}

SYNERGY_COLUMNS = ("in1k", "coco_i2t", "ade20k", "navi", "spair", "nyu")
"""Columns of Table 4; the last of a row is their average."""
PAIRS = (("SSL", "Ground."), ("SSL", "Depth"), ("Depth", "Ground."))

TABLE_4: Mapping[str, Mapping[tuple[str, str], tuple[float, ...]]] = {
    "B/16 10M": dict(
        zip(
            PAIRS,
            (
                (62.0, 64.4, 37.9, 72.7, 31.7, 40.8, 51.7),
                (50.7, 41.8, 31.0, -10.0, 26.8, 56.6, 32.9),
                (22.8, 27.4, 33.8, 36.4, 51.5, 56.2, 38.1),
            ),
            strict=True,
        )
    ),
    "B/16 50M": dict(
        zip(
            PAIRS,
            (
                (26.3, 54.0, 40.3, 100.0, 57.4, 44.4, 53.7),
                (8.8, 4.0, 27.3, 75.0, 61.7, 29.0, 34.3),
                (2.6, 26.3, 40.7, 87.5, 78.8, 19.4, 42.6),
            ),
            strict=True,
        )
    ),
    "L/16 10M": dict(
        zip(
            PAIRS,
            (
                (27.8, 30.6, 30.8, 27.3, 18.7, 38.9, 29.0),
                (17.4, 21.8, 27.9, 24.2, 24.0, 53.6, 28.1),
                (9.6, 3.5, 32.0, 42.9, 0.0, 12.5, 16.7),
            ),
            strict=True,
        )
    ),
    "L/16 50M": dict(
        zip(
            PAIRS,
            (
                (47.8, 33.8, 30.7, 21.8, 10.7, 39.2, 30.7),
                (43.5, 92.0, 19.5, 9.1, -34.7, 4.6, 22.3),
                (45.5, 33.3, 33.3, 29.4, 17.9, 18.5, 29.7),
            ),
            strict=True,
        )
    ),
}

TABLE_5: Mapping[str, Row] = {
    "MTV-B/16 100M": _row(69.5, 41.2, 57.1, 45.6, 44.6, 43.8, 28.4, 0.469),
    "MTV-L/16 100M": _row(75.2, 43.0, 58.1, 47.6, 48.2, 45.0, 30.1, 0.414),
}
SIGLIP = {"SigLIP-B/16": dict(in1k=76.2, coco_t2i=47.2, coco_i2t=64.5)}
"""What Table 5 says of SigLIP at 224 px: to try one's own measuring with its released weights."""


def paper_rows(
    sizes: Mapping[str, float] | None = None, **columns: str
) -> dict[str, dict[str, float]]:
    """What Table 5 says about the metrics of an evaluation.

    Args:
        sizes: Metrics that say how large the data are, which all rows share.
        **columns: Column of the table, by the name of a metric.
    """
    rows: dict[str, dict[str, float]] = {}
    for name, row in {**TABLE_5, **SIGLIP}.items():
        found = {metric: row[column] for metric, column in columns.items() if column in row}
        if found:
            rows[name] = found | dict(sizes or {})
    return rows
