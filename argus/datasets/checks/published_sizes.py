"""Are data sets as large as their owners published them? What is missing or too many, by name."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from argus.datasets.checks.findings import Findings
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import Converter, Count, Names, converted_here
from argus.names.wording import counted

_NUM_EXAMPLES = 5


def compare(
    converter: Converter, folder: Path, *, read: bool = True, allow_partial: bool = False
) -> Findings:
    """Compare a folder with what the owner of a data set published.

    Args:
        converter: Of the data set.
        folder: In the layout of ``data/README.md``.
        read: Whether annotation files are read as well, and names compared where numbers agree.
        allow_partial: Whether less is as it should be. A folder remembers that a part was
            converted on purpose.

    Returns:
        Numbers; what is too many, and what is missing unless that is on purpose, are errors.

    Raises:
        DataError: An annotation file cannot be read.
    """
    findings = Findings(where=f"{converter.name} in {folder}")
    counts = converter.counts(folder)
    if not any(count.found for count in counts):
        findings.errors.append(
            f"{folder.absolute()}: no file of {converter.title}. Convert a download into it "
            f"(argus convert {converter.name}), or give the folder it is in."
        )
        return findings
    if read:
        counts += converter.read_counts(folder)
    findings.counts.update({count.name: count.found for count in counts})
    on_purpose = allow_partial or converted_here(folder).get(converter.name, False)
    less = findings.notes if on_purpose else findings.errors
    wrong = [count for count in counts if not count.is_whole]
    for count in wrong:
        told = less if count.found < count.published else findings.errors
        told.append(_difference(count, converter.published[count.name].source))
    for names in converter.names(folder) if read or wrong else ():
        if not names.found and names.what in converter.published:  # which its count says
            continue
        missing = set(names.wanted) - set(names.found)
        less += _named(names, "missing", missing)
        findings.errors += _named(names, "too many", set(names.found) - set(names.wanted))
        findings.errors += _named(names, "there more than once", _repeated(names.found))
    return findings


def compare_roots(configs: Iterable[Any], *, allow_partial: bool = False) -> list[Findings]:
    """Compare the numbers of files of the known data sets that configs name as ``data_root``.

    A data set is known by the record of its conversion, or by the folder where the configs of
    Argus look for it. Nothing here is an error: a run takes what there is.
    """
    results = []
    for folder, converter in sorted(_known(configs), key=lambda pair: str(pair[0])):
        findings = compare(converter, folder, read=False, allow_partial=allow_partial)
        findings.warnings, findings.errors = findings.errors + findings.warnings, []
        results.append(findings)
    return results


def _known(configs: Iterable[Any]) -> set[tuple[Path, Converter]]:
    found = set()
    for root in {root for config in configs for root in _roots(config)}:
        path = Path(root).absolute()
        for folder in (path, path.parent):
            by_record = [CONVERTERS[name] for name in converted_here(folder) if name in CONVERTERS]
            by_place = [
                converter
                for converter in CONVERTERS.values()
                if folder.as_posix().endswith(f"/{converter.default_out}") and folder.is_dir()
            ]
            found |= {(folder, converter) for converter in by_record or by_place[:1]}
    return found


def _roots(config: Any) -> Iterator[str]:
    """Every ``data_root`` of a config that is a folder of this machine."""
    if isinstance(config, Mapping):
        root = config.get("data_root")
        if isinstance(root, (str, os.PathLike)) and "://" not in str(root) and str(root):
            yield str(root)
        for value in config.values():
            yield from _roots(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _roots(value)


def _difference(count: Count, source: str) -> str:
    number = abs(count.found - count.published)
    kind = "missing" if count.found < count.published else "too many"
    return (
        f"{count.name}: {count.found:,} of the {count.published:,} that are published, "
        f"{number:,} {kind} ({source})"
    )


def _repeated(names: Iterable[str]) -> set[str]:
    return {name for name, number in Counter(names).items() if number > 1}


def _named(names: Names, kind: str, which: Collection[str]) -> list[str]:
    if not which:
        return []
    examples = ", ".join(sorted(which)[:_NUM_EXAMPLES]) + ", ..." * (len(which) > _NUM_EXAMPLES)
    verb = "is" if len(which) == 1 else "are"
    return [f"{names.what}: {counted(len(which), names.noun)} {verb} {kind}: {examples}"]
