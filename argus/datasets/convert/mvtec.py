"""MVTec AD: 15 classes of objects and textures, good pictures and defective ones with masks.

Bergmann et al., "MVTec AD - A Comprehensive Real-World Dataset for Unsupervised Anomaly Detection",
CVPR 2019; the counts are its Table 1.
"""

from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Count, Options
from argus.datasets.convert.files import list_names
from argus.errors import DataError

# Training pictures, good test pictures, defective test pictures.
COUNTS = {
    "bottle": (209, 20, 63),
    "cable": (224, 58, 92),
    "capsule": (219, 23, 109),
    "carpet": (280, 28, 89),
    "grid": (264, 21, 57),
    "hazelnut": (391, 40, 70),
    "leather": (245, 32, 92),
    "metal_nut": (220, 22, 93),
    "pill": (267, 26, 141),
    "screw": (320, 41, 119),
    "tile": (230, 33, 84),
    "toothbrush": (60, 12, 30),
    "transistor": (213, 60, 40),
    "wood": (247, 19, 60),
    "zipper": (240, 32, 119),
}
_TEXTS = ("license.txt", "readme.txt")
_HELP = """\
  mvtec_anomaly_detection.tar.xz, or the archives of single classes (screw.tar.xz, ...)
    from https://www.mvtec.com/company/research/datasets/mvtec-ad
Licence: CC BY-NC-SA 4.0 (non-commercial)."""


def _place(member: Member) -> str | None:
    for position, part in enumerate(member.parts):
        if part in COUNTS:
            inside = member.parts[position:]
            break
    else:
        return member.name if member.name in _TEXTS else None
    match inside[1:]:
        case ("train", "good", name) if name.endswith(".png"):
            return "/".join(inside)
        case ("test" | "ground_truth", _, name) if name.endswith(".png"):
            return "/".join(inside)
        case (name,) if name in _TEXTS:
            return "/".join(inside)
    return None


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="MVTec AD")
    for category in COUNTS:
        _check_masks(out / category)


def _defects(category: Path, part: str) -> set[str]:
    folders = [path for path in sorted((category / part).glob("*")) if path.is_dir()]
    return {
        f"{folder.name}/{Path(name).stem}"
        for folder in folders
        if folder.name != "good"
        for name in list_names(folder, ".png")
    }


def _check_masks(category: Path) -> None:
    masks = {name.removesuffix("_mask") for name in _defects(category, "ground_truth")}
    pictures = _defects(category, "test")
    wrong = sorted(pictures ^ masks)
    if wrong:
        kind = "no mask" if wrong[0] in pictures else "a mask but no picture"
        raise DataError(
            f"{category}: {len(wrong)} defective pictures and masks do not pair up; e.g. "
            f"{wrong[0]} has {kind}. Masks are ground_truth/<defect>/<number>_mask.png."
        )


def _count(out: Path) -> list[Count]:
    counts = []
    for category, published in COUNTS.items():
        folder = out / category
        found = (
            len(list_names(folder / "train/good", ".png")),
            len(list_names(folder / "test/good", ".png")),
            len(_defects(folder, "test")),
        )
        names = ("train", "test good", "test defective")
        counts += [
            Count(f"{category} {name}", number, expected)
            for name, number, expected in zip(names, found, published, strict=True)
        ]
    return counts


MVTEC = Converter(
    name="mvtec",
    title="MVTec AD",
    default_out="data/mvtec_ad",
    help=_HELP,
    convert=_convert,
    count=_count,
)
