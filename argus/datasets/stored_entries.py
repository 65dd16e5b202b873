"""The entries of a built data set of mmengine: those of its parts, and how to change them."""

from collections.abc import Iterator, Sequence
from typing import Any


def parts_of(dataset: Any) -> Iterator[Any]:
    """A data set and, of a wrapper, those inside."""
    yield dataset
    for part in (getattr(dataset, "dataset", None), *(getattr(dataset, "datasets", None) or ())):
        if part is not None:
            yield from parts_of(part)


def store_entries(dataset: Any, entries: Sequence[dict[str, Any]]) -> None:
    """Replace the entries of a data set, no wrapper.

    Args:
        dataset: Of mmengine's ``BaseDataset``.
        entries: As ``get_data_info`` gives them, changed.
    """
    for entry in entries:
        entry.pop("sample_idx", None)  # which is given anew
    dataset.data_list = list(entries)
    if dataset.serialize_data:
        dataset.data_bytes, dataset.data_address = dataset._serialize_data()
