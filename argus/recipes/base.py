"""What every recipe shares: its keys, where the class names are from, and the parts of the data.

A recipe is a class of one kind of task. Its fields are the keys that a user sets; what it expands
to is an ordinary task. A subclass says how its kind is read, trained and measured; decoders that
have a name are functions in ``DECODERS``.
"""

import dataclasses
import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

from argus.errors import ConfigError, DataError
from argus.models.backbones import BackboneTraits
from argus.recipes.merging import merged
from argus.tasks import EvalData, TrainData

PARTS = ("train", "val", "test")
# Of a part, beside those of an ordinary one: which data.
DATA_KEYS = ("data", "format", "split")
Decoder = Callable[[Any], dict[str, Any]]


def check_keys(given: Mapping[str, Any], known: Sequence[str], *, where: str) -> None:
    """Refuse a key that is not known.

    Raises:
        ConfigError: Naming the nearest that is.
    """
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigError(
                f"{where}: unknown key {key!r}.{hint} Known keys: {', '.join(known)}."
            )


@dataclasses.dataclass(kw_only=True)
class Recipe(ABC):
    """One kind of task; its fields are keys of the config.

    Args:
        where: Place of the task in the config, for messages.
        ask_backbone: Says what the decoder has to know of the backbone.
        data: Where the pictures and labels are.
        format: How the labels are written; recognised by default.
        seed: Draws the validation data, where the data have no such part.
        group: Pattern of file names: pictures that share what it matches are kept on one side of
            that draw.
        val_share: Share of the pictures that is drawn.
        classes: Names of the classes; those of the data by default.
        size: Side in pixels of the squares that are trained on, and to which the short side of a
            test picture is resized; or (height, width) of the former.
        flip: Probability that a training picture is mirrored.
        decoder: Name of one, or settings of the default one, or of that called ``name``, or a whole
            model ``dict(type=..., backbone=dict(type=SharedBackbone), ...)``.
        train: Settings of the training data; ``None`` for none.
        val: Of the validation data.
        test: Of the test data; ``None`` tests the validation data.
    """

    where: str
    ask_backbone: Callable[[], BackboneTraits]
    data: str = ""
    format: str | None = None
    seed: int = 0
    group: str | None = None
    val_share: float | None = None
    classes: Sequence[str] = ()
    size: Any = 512
    flip: float = 0.5
    decoder: Any = None
    train: Any = dataclasses.field(default_factory=dict)
    val: Any = dataclasses.field(default_factory=dict)
    test: Any = dataclasses.field(default_factory=dict)

    KIND: ClassVar[str]
    """Word for the kind, as data are recognised to serve it."""
    LIBRARY: ClassVar[str] = "argus"
    DATASET: ClassVar[str]
    """Class of the data set that reads :attr:`data`."""
    DECODERS: ClassVar[Mapping[str, Decoder]]
    """By name; the first is the default."""
    BATCH: ClassVar[tuple[int, int]] = (4, 4)
    """Pictures of a step, in training and otherwise."""
    LABELLED: ClassVar[bool] = True
    """Whether labels are those of a list of classes."""

    @abstractmethod
    def train_pipeline(self) -> list[dict[str, Any]]:
        """From a sample to what the decoder is trained on."""

    @abstractmethod
    def test_pipeline(self) -> list[dict[str, Any]]:
        """From a sample to what is predicted and compared."""

    @abstractmethod
    def measures(self) -> dict[str, Any]:
        """Metrics, and what the task says of them."""

    def check(self) -> None:
        """Look at the keys; a recipe that has more looks at those, too.

        Raises:
            ConfigError: Naming the key.
        """
        divisor = 32
        sizes = self.size if isinstance(self.size, (list, tuple)) else (self.size,)
        if len(sizes) > 2 or not all(type(n) is int and n > 0 and n % divisor == 0 for n in sizes):
            raise ConfigError(
                f"{self.where}.size: expected a multiple of {divisor}, or (height, width) of such, "
                f"found {self.size!r}."
            )
        if not isinstance(self.flip, (int, float)) or not 0 <= self.flip <= 1:
            raise ConfigError(
                f"{self.where}.flip: expected a probability in [0, 1], found {self.flip!r}."
            )
        if self.LABELLED:
            self.check_names("classes", self.classes)
        elif self.classes:
            raise ConfigError(
                f"{self.where}.classes: this kind of task has no classes, found {self.classes!r}."
            )

    def check_names(self, key: str, names: Any) -> None:
        """Refuse what is no list of different names.

        Raises:
            ConfigError: Naming the key.
        """
        is_list = isinstance(names, (list, tuple)) and all(isinstance(n, str) and n for n in names)
        if not is_list:
            raise ConfigError(
                f"{self.where}.{key}: expected a list of names, found {names!r:.200}."
            )
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise ConfigError(f"{self.where}.{key} names {', '.join(map(repr, twice))} twice.")

    @property
    def crop(self) -> tuple[int, int]:
        """Height and width of what is trained on."""
        if isinstance(self.size, (list, tuple)):
            height, width = self.size if len(self.size) == 2 else (self.size[0],) * 2
            return height, width
        return self.size, self.size

    @property
    def scale(self) -> tuple[int, int]:
        """Longest and shortest side of a test picture, which keeps its shape."""
        return 4 * min(self.crop), min(self.crop)

    @cached_property
    def traits(self) -> BackboneTraits:
        """What the backbone says of itself."""
        return self.ask_backbone()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the classes: those given, else those of the data.

        Raises:
            ConfigError: The data do not say them either, or say others.
        """
        stated = self._stated_names()
        if self.classes:
            if stated and tuple(stated) != tuple(self.classes):
                raise ConfigError(
                    f"{self.where}.classes has {list(self.classes)}, but the metainfo of "
                    f"{self.where}.train.dataset has {list(stated)}. Name them in one place."
                )
            return tuple(self.classes)
        if stated:
            return tuple(stated)
        data, form = self.of_part("train")[:2]
        if not data:
            raise ConfigError(
                f"{self.where}.classes: expected the names of the classes, since the data set does "
                "not say them."
            )
        return self.read_names(data, form)

    def read_names(self, data: str, form: str | None) -> tuple[str, ...]:
        """Ask the data for the names of their classes."""
        from argus.datasets.own import class_names

        with self.of_data():
            return tuple(class_names(data, form, None, kind=self.KIND))

    @contextmanager
    def of_data(self) -> Iterator[None]:
        """Name the key of the recipe in what is wrong with the data."""
        try:
            yield
        except (ConfigError, DataError) as error:
            raise type(error)(f"{self.where}.data: {error}") from error

    def expand(self) -> dict[str, Any]:
        """The task.

        Raises:
            ConfigError: Naming the key of the recipe that is wrong.
        """
        self.check()
        parts = {name: self._part(name) for name in PARTS}
        task = dict(decoder=self.build_decoder(), **parts, **self.measures())
        return {key: value for key, value in task.items() if value is not None}

    def build_decoder(self) -> dict[str, Any]:
        """The decoder that the key names, with what the user sets in it.

        Raises:
            ConfigError: There is none of that name.
        """
        names = list(self.DECODERS)
        changes = self.decoder
        if isinstance(changes, str) or changes is None:
            changes = dict(name=changes or names[0])
        if not isinstance(changes, Mapping):
            raise ConfigError(
                f"{self.where}.decoder: expected one of {', '.join(names)}, or a dict, found "
                f"{changes!r:.80}."
            )
        changes = dict(changes)
        if "type" in changes:
            return changes
        name = changes.pop("name", names[0])
        if name not in self.DECODERS:
            close = difflib.get_close_matches(str(name), names, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigError(
                f"{self.where}.decoder: expected one of {', '.join(names)}, or a dict of its "
                f"settings, found {name!r}.{hint}"
            )
        try:
            built = self.DECODERS[name](self)
        except ConfigError as error:
            place = "" if str(error).startswith(self.where) else f"{self.where}: "
            raise ConfigError(f"{place}{error}") from error
        result: dict[str, Any] = merged(built, changes)
        return result

    @property
    def decoder_name(self) -> str:
        """Name of the decoder; empty for one that is written out."""
        if isinstance(self.decoder, Mapping):
            return "" if "type" in self.decoder else self.decoder.get("name", self._default)
        return self.decoder or self._default

    @property
    def _default(self) -> str:
        return next(iter(self.DECODERS))

    def dataset(self, data: str, split: str, form: str | None) -> dict[str, Any]:
        """The data set of a part; without its pipeline."""
        settings: dict[str, Any] = dict(type=self.DATASET, data=data, split=split)
        if self.LABELLED:
            settings["classes"] = list(self.names)
        options = dict(format=form, group=self.group, val_share=self.val_share)
        settings |= {key: value for key, value in options.items() if value is not None}
        return settings | dict(seed=self.seed)

    @cached_property
    def reads_own(self) -> bool:
        """Whether the data are read by :attr:`DATASET`, and not by one that is written out."""
        parts = [part for name in ("train", "val") if (part := getattr(self, name)) is not None]
        return not any("type" in (part.get("dataset") or {}) for part in parts)

    def _part(self, name: str) -> dict[str, Any] | None:
        given = getattr(self, name)
        # Without data of its own, what is tested is what validates.
        if given is None or (name == "test" and not given and not self._has_test):
            return None
        if not isinstance(given, Mapping):
            raise ConfigError(
                f"{self.where}.{name}: expected a dict, or None for none, found {given!r:.80}."
            )
        fields = dataclasses.fields(TrainData if name == "train" else EvalData)
        known = [*DATA_KEYS, *(item.name for item in fields)]
        check_keys(given, known, where=f"{self.where}.{name}")
        settings = {key: value for key, value in given.items() if key not in DATA_KEYS}
        pipeline = self.train_pipeline() if name == "train" else self.test_pipeline()
        own: dict[str, Any] = dict(pipeline=pipeline)
        if name != "train":
            own["test_mode"] = True
        if "type" not in (settings.get("dataset") or {}):
            data, form, split = self.of_part(name)
            if not data:
                raise ConfigError(
                    f"{self.where}.{name}: which data? Set {self.where}.data to a folder or file, "
                    f"or {name}=dict(data=...), or {name}=None for none."
                )
            own = {**self.dataset(data, split, form), **own}
        defaults = dict(
            dataset=own, batch_size=self.BATCH[0 if name == "train" else 1], num_workers=2
        )
        part: dict[str, Any] = merged(defaults, settings)
        return part

    @property
    def _has_test(self) -> bool:
        """Whether test data are found where the others are."""
        return self.reads_own and bool(self.data) and self.val is not None

    def of_part(self, name: str) -> tuple[str, str | None, str]:
        """Data, format and split of a part."""
        given = getattr(self, name) or {}
        # Data that a part has for itself are that part as a whole.
        split = "all" if "data" in given else name
        values = {"data": self.data, "format": self.format, "split": split}
        values |= {key: given[key] for key in DATA_KEYS if key in given}
        if not isinstance(values["data"], str):
            raise ConfigError(
                f"{self.where}.data: expected the path of a folder or file, found "
                f"{values['data']!r:.80}."
            )
        return values["data"], values["format"], str(values["split"])

    def _stated_names(self) -> Sequence[str]:
        """Names of the classes of a data set that is written out; empty if there is none."""
        from argus.tasks.stated_labels import stated_labels

        for name in PARTS:
            dataset = (getattr(self, name) or {}).get("dataset")
            if isinstance(dataset, Mapping) and "type" in dataset:
                stated = stated_labels(dataset, (self.LIBRARY,))
                return stated.names if stated is not None else ()
        return ()
