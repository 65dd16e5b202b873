"""What was found in a data folder, in lines for a person."""

from argus.datasets.checks.findings import Findings
from argus.datasets.own.picture_size import picture_size
from argus.datasets.own.recognition import Recognition
from argus.errors import DataError
from argus.names.wording import folded

TITLES = dict(
    detection="detection (boxes)",
    instance="instance segmentation (boxes and outlines)",
    keypoints="keypoints",
    semantic="semantic segmentation (a class for every pixel)",
    parsing="parsing (a class for every pixel; a map of background alone is not labelled)",
    panoptic="panoptic segmentation",
    classification="classification (one class for every picture)",
    tags="tags (any number of classes for every picture)",
    depth="depth",
    normals="surface normals",
    boundary="boundaries",
    saliency="saliency",
    anomaly="anomaly detection (learned from good pictures alone)",
)
# Kinds of tasks that read the labels of another.
READ_AS = dict(parsing="semantic")
_BACKGROUND = ("background", "none", "nothing", "unlabelled", "unlabeled")
_MOST_CLASSES = 8
_MEASURED = 50
_WIDTH = 96


def report(found: Recognition, kind: str, data: str, checks: list[Findings]) -> list[str]:
    """Lines about data and what a check of some of its files says.

    Args:
        found: What the data are.
        kind: Of the task.
        data: As the person named it.
        checks: Of the parts.
    """
    lines = [f"{data}: {found.title}"]
    lines += [f"  since {text}" for text in found.why]
    others = [other for other in (*found.kinds, *_same_labels(found)) if other != kind]
    also = f"; good for {', '.join(others)} as well (--kind)" if others else ""
    lines.append(f"  task: {TITLES[kind]}{also}")
    lines.append(f"  pictures: {found.pictures:,}{_sizes(found)}; {found.parts_text}")
    lines += _classes(found)
    assert found.data is not None
    if found.kind == "keypoints":
        names = ", ".join(found.data.keypoints[:_MOST_CLASSES])
        lines.append(f"  keypoints: {len(found.data.keypoints)}: {names}")
    if kind == "parsing":
        text = "a map of it alone counts as one that nobody labelled"
        lines.append(f"  note: the first class, {found.classes[0]}, is the background; {text}")
    lines += [f"  note: {text}" for text in dict.fromkeys(found.oddities)]
    seen = set(found.oddities)
    for check in checks:
        for word, texts in (("error", check.errors), ("warning", check.warnings)):
            part = check.where.rpartition(".")[2]
            new = [text for text in dict.fromkeys(texts) if text not in seen]
            seen.update(new)
            lines += [f"  {word} ({part}): {text}" for text in new[:5]]
            if len(new) > 5:
                lines.append(f"  ... and {len(new) - 5:,} more {word}s: argus check lists all")
    return lines


def _same_labels(found: Recognition) -> list[str]:
    """Tasks that read these labels in another way."""
    has_background = folded(next(iter(found.classes), "")) in _BACKGROUND
    is_parsed = found.kind == "semantic" and has_background and len(found.classes) > 2
    return ["parsing"] if is_parsed else []


def _sizes(found: Recognition) -> str:
    sizes = found.sizes or _measured(found)
    if sizes is None:
        return ""
    (least_w, least_h), (most_w, most_h) = sizes
    if (least_w, least_h) == (most_w, most_h):
        return f" of {least_w} x {least_h} pixels"
    return f" of {least_w} to {most_w} x {least_h} to {most_h} pixels"


def _measured(found: Recognition) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Of some pictures, since no label says it."""
    assert found.data is not None
    pictures = found.data.pictures
    sizes = []
    for picture in pictures[:: max(1, len(pictures) // _MEASURED)]:
        try:
            sizes.append(picture_size(found.data.root / picture.path))
        except DataError:  # the check names it
            continue
    if not sizes:
        return None
    widths, heights = zip(*sizes, strict=True)
    return (min(widths), min(heights)), (max(widths), max(heights))


def _classes(found: Recognition) -> list[str]:
    if not found.counts:
        return []
    total = max(1, sum(found.counts.values()))
    ranked = sorted(found.counts.items(), key=lambda item: -item[1])
    if found.unit == "pixel":
        texts = [f"{name} {number / total:.1%}" for name, number in ranked]
    else:
        texts = [f"{name} {number:,}" for name, number in ranked]
    more = f", ... {len(texts) - _MOST_CLASSES} more" if len(texts) > _MOST_CLASSES else ""
    kinds = "kinds" if found.kind == "anomaly" else "classes"
    head = f"  {kinds}: {len(found.counts)}, {found.unit}s of each: "
    return [head + ", ".join(texts[:_MOST_CLASSES]) + more]
