"""What the registered data sets have in common: which folder, which part of it, which classes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from argus.datasets.own.parts import parts
from argus.datasets.own.picture_size import picture_size
from argus.datasets.own.reading import in_order, read_own
from argus.datasets.own.record import PARTS, OwnData, OwnPicture
from argus.errors import ConfigError, DataError

ALL = "all"


class OwnSource:
    """The part of a data folder that a data set is of.

    Args:
        data: The folder, or a file of labels in it.
        kind: What the data set needs, of ``record.KINDS``.
        split: ``train``, ``val`` or ``test``; ``all`` for data that are one part as a whole.
        classes: Which of the classes, in the order of their labels; all by default.
        format: Its format; ``None`` to recognise it, which has to be certain.
        seed: Of the validation part, where the data name none.
        group: Pattern of the names of pictures that stay together when a part is split off.
        val_share: Share of them that are split off.
        unit: Of depth: how many values of a file are one metre.

    Raises:
        ConfigError: The split is unknown.
        DataError: As :func:`~argus.datasets.own.reading.read_own`.
    """

    def __init__(
        self,
        data: str,
        kind: str,
        *,
        split: str,
        classes: Sequence[str] | None = None,
        format: str | None = None,
        seed: int = 0,
        group: str | None = None,
        val_share: float | None = None,
        unit: float | None = None,
    ) -> None:
        if split not in (*PARTS, ALL):
            raise ConfigError(f"split={split!r}: expected one of {', '.join((*PARTS, ALL))}.")
        self.data: OwnData = read_own(data, format=format, kind=kind, unit=unit, classes=classes)
        self.kind = kind
        self.split = split
        self.classes = in_order(self.data, kind, classes)
        self.labels = {name: label for label, name in enumerate(self.classes)}
        self.dropped: Counter[str] = Counter()
        self.pictures: list[OwnPicture] = (
            list(self.data.pictures)
            if split == ALL
            else parts(self.data, seed=seed, group=group, val_share=val_share)[split]
        )
        self.places = {picture.path: place for place, picture in enumerate(self.data.pictures)}
        if not self.pictures:
            raise DataError(f"{data}: no pictures of {split}.")

    def path(self, name: str) -> str:
        """The file of a name below the data folder."""
        return str(self.data.root / name)

    def head(self, picture: OwnPicture, *, with_size: bool = True) -> dict[str, Any]:
        """What samples of all data sets begin with.

        Args:
            picture: One of :attr:`pictures`.
            with_size: Whether width and height are needed; a picture that its labels give none has
                them read from its file.
        """
        path = self.path(picture.path)
        sample: dict[str, Any] = dict(img_path=path, img_id=self.places[picture.path])
        size = picture.size
        if size is None and with_size:
            size = picture_size(path)
        if size is not None:
            sample |= dict(width=size[0], height=size[1])
        return sample


class OwnSet:
    """Base of the registered data sets, before that of their library.

    Their config says the classes before they are built.

    Args:
        data: As those up to ``val_share`` of :class:`OwnSource`.
        metainfo: Takes the place of what the data say.
        kwargs: Of the library's base.
    """

    KIND: ClassVar[str]
    source: OwnSource
    unit: float | None = None

    def __init__(
        self,
        data: str,
        *,
        split: str,
        classes: Sequence[str] | None = None,
        format: str | None = None,
        seed: int = 0,
        group: str | None = None,
        val_share: float | None = None,
        metainfo: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.source = OwnSource(
            data,
            self.KIND,
            split=split,
            classes=classes or None,
            format=format,
            seed=seed,
            group=group,
            val_share=val_share,
            unit=self.unit,
        )
        meta = self._meta() | dict(metainfo or {})
        # The class of the library comes after this one.
        super().__init__(metainfo=meta, **self._library_keys(), **kwargs)  # type: ignore[call-arg]

    def _meta(self) -> dict[str, Any]:
        return dict(classes=self.source.classes)

    def _library_keys(self) -> dict[str, Any]:
        return {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the data, in sentences without a stop."""
        return (*self.source.data.doubts, *self.source.data.notes)

    @classmethod
    def classes_of(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Classes that a config of this data set labels; none if the data cannot be read now."""
        try:
            data = read_own(
                config["data"],
                format=config.get("format"),
                kind=cls.KIND,
                unit=config.get("unit"),
                classes=config.get("classes"),
            )
            return in_order(data, cls.KIND, config.get("classes"))
        except (ConfigError, DataError, KeyError):  # the data set says so when it is built
            return ()
