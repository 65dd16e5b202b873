"""MVTec AD: 15 classes of objects and textures, good pictures and defective ones with masks.

Bergmann et al., "MVTec AD - A Comprehensive Real-World Dataset for Unsupervised Anomaly Detection",
CVPR 2019.
"""

from collections.abc import Iterator
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Names, Options
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.whole_files import list_names
from argus.errors import DataError

CATEGORIES = tuple(dict.fromkeys(count.split()[0] for count in PUBLISHED["mvtec"]))
"""Its 15 classes, by the names of their folders."""
_TEXTS = ("license.txt", "readme.txt")
_HELP = """\
  mvtec_anomaly_detection.tar.xz, or the archives of single classes (screw.tar.xz, ...)
    from https://www.mvtec.com/company/research/datasets/mvtec-ad
Licence: CC BY-NC-SA 4.0 (non-commercial)."""


def _place(member: Member) -> str | None:
    for position, part in enumerate(member.parts):
        if part in CATEGORIES:
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
    for category in CATEGORIES:
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


def _count(out: Path) -> dict[str, int]:
    counts = {}
    for category in CATEGORIES:
        for count, names in _good(out, category).items():
            counts[count] = len(names)
        counts[f"{category} test defective"] = len(_defects(out / category, "test"))
    return counts


def _good(out: Path, category: str) -> dict[str, list[str]]:
    return {
        f"{category} {count}": list_names(out / category / folder, ".png")
        for count, folder in (("train", "train/good"), ("test good", "test/good"))
    }


def _names(out: Path) -> Iterator[Names]:
    """Flawless pictures are numbered from 0 without gaps; how many each defect has, nobody says."""
    for category in CATEGORIES:
        for count, found in _good(out, category).items():
            number = PUBLISHED["mvtec"][count].number
            yield Names(count, [f"{index:03d}.png" for index in range(number)], found)


MVTEC = Converter(
    name="mvtec",
    title="MVTec AD",
    default_out="data/mvtec_ad",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
)
