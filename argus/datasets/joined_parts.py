"""The parts of a joined data set, each with the config that says how it is loaded.

``ConcatDataset`` and the like take data sets with pipelines of their own: what is asked of loaders
has to be asked part by part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Part:
    """A data set that is no wrapper, or one that does not say what is inside.

    Args:
        config: Its config; the pipeline goes on with that of the wrappers around it.
        dataset: Built from it.
        metainfo: Its own, and what the whole says where it says nothing.
        place: Of its config in that of the whole, e.g. ``.datasets[1]``; empty for the whole.
    """

    config: Mapping[str, Any]
    dataset: Any
    metainfo: Mapping[str, Any]
    place: str = ""


# Of a data set, its number among the parts; of a wrapper, those of the data sets inside.
_Tree = int | list["_Tree"]


class JoinedParts:
    """The parts of a data set, one if it joins none.

    Args:
        config: Of the whole.
        dataset: Built from it.

    Attributes:
        parts: In the order of the config.
    """

    def __init__(self, config: Mapping[str, Any], dataset: Any) -> None:
        self._whole = dataset
        self._metainfo = getattr(dataset, "metainfo", {})
        self.parts: list[Part] = []
        self._tree = self._split(config, dataset, (), "")

    def number_at(self, index: int) -> int:
        """The number, in ``parts``, of the part that a sample of the whole is of."""
        dataset, tree = self._whole, self._tree
        while isinstance(tree, list):
            inner = _inner(dataset)
            number, index = _place(dataset, inner, index)
            dataset, tree = inner[number], tree[number]
        return tree

    def first_samples(self) -> list[int]:
        """The first sample of every part that has one, in the order of the whole."""
        found: dict[int, int] = {}
        for index in range(len(self._whole)):
            found.setdefault(self.number_at(index), index)
            if len(found) == len(self.parts):
                break
        return list(found.values())

    def _split(
        self, config: Mapping[str, Any], dataset: Any, outer: Sequence[Any], place: str
    ) -> _Tree:
        inner = _inner(dataset)
        configs = config.get("datasets", [config.get("dataset")])
        is_known = isinstance(configs, (list, tuple)) and len(configs) == len(inner)
        steps = [*(config.get("pipeline") or ()), *outer]
        if inner and is_known and all(isinstance(item, Mapping) for item in configs):
            joins = "datasets" in config
            return [
                self._split(item, part, steps, place + (f".datasets[{n}]" if joins else ".dataset"))
                for n, (item, part) in enumerate(zip(configs, inner, strict=True))
            ]
        config = {**config, "pipeline": steps} if outer else config
        meta = {**self._metainfo, **getattr(dataset, "metainfo", {})}
        self.parts.append(Part(config=config, dataset=dataset, metainfo=meta, place=place))
        return len(self.parts) - 1


def _inner(dataset: Any) -> Sequence[Any]:
    """The data sets in a wrapper of which can be told where a sample comes from."""
    joined = getattr(dataset, "datasets", None)
    if joined and _locator(dataset):
        return list(joined)
    single = getattr(dataset, "dataset", None)
    return [] if single is None else [single]


def _place(dataset: Any, inner: Sequence[Any], index: int) -> tuple[int, int]:
    """The number of the part of a sample, and the sample's in the part."""
    if getattr(dataset, "datasets", None):
        number, index = _locator(dataset)(index)
        return number, index
    if len(inner[0]) != len(dataset):  # it repeats, or leaves out
        index = _locator(dataset)(index) if _locator(dataset) else index % len(inner[0])
    return 0, index


def _locator(dataset: Any) -> Any:
    """What gives the number of a part and the place in it: mmengine's way, or mmpose's."""
    for name in ("_get_ori_dataset_idx", "_get_subset_index"):
        if hasattr(dataset, name):
            return getattr(dataset, name)
    return None
