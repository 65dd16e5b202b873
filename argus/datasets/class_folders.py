"""Pictures in one folder for each class, and a share of each that does not depend on the rest."""

from typing import Any

from mmpretrain.datasets import CustomDataset

from argus.errors import ConfigError, DataError
from argus.names.wording import counted
from argus.registry import DATASETS


@DATASETS.register_module()
class ClassFolders(CustomDataset):
    """``<data_prefix>/<class>/<picture>``, of each class the pictures from one number to another.

    They are counted in the order of their names, so that a part of the set and all of it give the
    same pictures, and parts that do not overlap can train, validate and test.

    Args:
        of_each_class: First picture and the one after the last; None takes all.
        **kwargs: As mmpretrain's ``CustomDataset``.

    Raises:
        ConfigError: ``of_each_class`` is no range.
        DataError: A class has fewer pictures.
    """

    def __init__(self, *, of_each_class: tuple[int, int] | None = None, **kwargs: Any) -> None:
        if of_each_class is not None:
            whole = all(type(number) is int for number in of_each_class)
            if len(of_each_class) != 2 or not whole or not 0 <= of_each_class[0] < of_each_class[1]:
                raise ConfigError(
                    "ClassFolders.of_each_class: expected the number of the first picture and of "
                    f"the one after the last, e.g. (0, 300), found {tuple(of_each_class)}."
                )
        self.of_each_class = of_each_class
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the pictures, class by class.

        Raises:
            DataError: A class has fewer pictures than asked for.
        """
        entries: list[dict[str, Any]] = super().load_data_list()
        if self.of_each_class is None:
            return entries
        first, end = self.of_each_class
        by_class: dict[int, list[dict[str, Any]]] = {}
        for entry in sorted(entries, key=lambda entry: (entry["gt_label"], entry["img_path"])):
            by_class.setdefault(entry["gt_label"], []).append(entry)
        for label, members in by_class.items():
            if len(members) < end:
                raise DataError(
                    f"{self.img_prefix}: expected at least {counted(end, 'picture')} of each class "
                    f"(of_each_class={first, end}), found {len(members)} of "
                    f"{self.metainfo['classes'][label]!r}."
                )
        return [entry for members in by_class.values() for entry in members[first:end]]
