"""Build a data set, or say in one sentence why it cannot be built."""

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from argus.building import explain
from argus.datasets.checks.paths import check_paths
from argus.datasets.checks.strays import other_suffixes, stray_notes
from argus.datasets.classes.category_lookups import lookups_by_name
from argus.datasets.classes.joined import join_classes, let_orders_differ
from argus.datasets.classes.number_by_name import check_folders, number_by_name
from argus.datasets.classes.xml_names import names_behind_nothing
from argus.datasets.stored_entries import parts_of
from argus.datasets.tidy_files.listed_pictures import find_listed
from argus.datasets.tidy_files.listing import Listing, tidy_listings
from argus.datasets.tidy_files.text_files import tidy_texts
from argus.datasets.transforms.labels import LoadSegMap
from argus.errors import ConfigError, DataError
from argus.registry import DATASETS
from argus.safe_load import NotPlainError, tensors_only

# What mmengine says when it packs an empty list of samples.
_EMPTY = "need at least one array to concatenate"
# What it says when the parts of a joined data set have other classes, or in another order.
_DIFFERENT = "does not match meta information of the first dataset"


def build_dataset(
    config: Mapping[str, Any],
    *,
    where: str,
    tell: Callable[[str], None] = lambda text: None,
    learners: Mapping[str, Mapping[str, Any]] | None = None,
) -> Any:
    """Check the paths of a data set, build it, read its annotations; it has at least one sample.

    Labels are those of its class list, also where the data set's own class goes by the order of
    folders or of a file.

    The caller enters the scope of the library, if types are bare names.

    Args:
        config: Config of the data set.
        where: Its place in the config, for messages, e.g. ``tasks.instance.train.dataset``.
        tell: Takes what a person should know of files that are left out or missing.
        learners: Decoders of the tasks that learn from it, by task, for a data set that has
            something to say of that (``learner_notes``).

    Raises:
        DataError: Paths that do not exist, annotations that cannot be read, no samples.
    """
    check_paths(config, where=where)
    try:
        # pycocotools prints while it indexes.
        with (
            tensors_only(),
            contextlib.redirect_stdout(io.StringIO()),
            tidy_texts(),
            tidy_listings() as listing,
            lookups_by_name() as looked_up,
        ):
            check_folders(config)
            dataset = DATASETS.build(let_orders_differ(config))
            if hasattr(dataset, "full_init"):
                dataset.full_init()
            _hand_over_palettes(dataset)
            for part in parts_of(dataset):
                number_by_name(part, looked_up=looked_up, tell=tell)
                find_listed(part)
            join_classes(dataset, where=where)
    except NotPlainError as error:  # which seldom knows its file
        raise DataError(f"{where}: {error}") from error
    except (ConfigError, DataError) as error:
        if "data" not in config or where in str(error):
            raise
        raise type(error)(f"{where}: {error}") from error  # own data know no place in a config
    except Exception as error:  # noqa: BLE001 - any library objects to its data in its own way
        if _EMPTY in str(error):
            raise _no_samples(where, listing, names_behind_nothing(config)) from error
        if _DIFFERENT in str(error):
            raise DataError(
                f"{where}: {error}: it joins data sets whose metainfo differs, in the order of the "
                "classes, say. Give all of them the same metainfo=dict(classes=...): what their "
                "files and folders list is found by name."
            ) from error
        place = where.rpartition(".")[2]
        reason = explain(error, config, where=place) or f"{type(error).__name__}: {error}"
        raise DataError(f"{where}: the data set cannot be built: {reason}") from error
    _check_description(dataset, where, tell)
    if len(dataset) == 0:
        raise _no_samples(where, listing, names_behind_nothing(config))
    for part in parts_of(dataset):
        for note in getattr(part, "notes", ()):
            tell(note)
        if learners and hasattr(part, "learner_notes"):
            for note in part.learner_notes(learners):
                tell(note)
        if part is not dataset and hasattr(part, "epoch_order"):
            tell(
                f"in {type(dataset).__name__}, samples of shards are read in any order, not shard "
                "by shard, which is slow where reading at random is: bring (or link) the shards of "
                "all sets into one folder, under different names, their side-cars likewise"
            )
    for note in stray_notes(dataset, listing):
        tell(note)
    return dataset


def _check_description(dataset: Any, where: str, tell: Callable[[str], None]) -> None:
    """Whether a data set, maybe of the user's own class, says what it holds."""
    kind = type(dataset).__name__
    if not isinstance(getattr(dataset, "metainfo", None), Mapping):
        raise DataError(
            f"{where}: {kind} has no metainfo: a data set states its classes there, in their "
            "order, metainfo=dict(classes=(...)); an empty dict if it has none."
        )
    if not hasattr(dataset, "get_data_info"):
        tell(
            f"{kind} has no get_data_info(index), so that its labels are not counted before the "
            "first step, nor its image ids compared with the annotation file of a metric"
        )


def _hand_over_palettes(dataset: Any) -> None:
    for part in parts_of(dataset):
        for transform in transforms_of(getattr(part, "pipeline", None)):
            if isinstance(transform, LoadSegMap):
                transform.take_palette(part.metainfo)


def transforms_of(pipeline: Any) -> Iterator[Any]:
    """The transforms of a pipeline, and those inside them."""
    if isinstance(pipeline, (list, tuple)):
        for transform in pipeline:
            yield from transforms_of(transform)
    elif pipeline is not None:
        yield pipeline
        for name in ("inner", "transforms"):
            yield from transforms_of(getattr(pipeline, name, None))


def _no_samples(where: str, listing: Listing, cause: str = "") -> DataError:
    left_out = listing.other_suffixes
    return DataError(
        f"{where}: no samples found: a wrong folder, file suffix, annotation file, or a filter "
        "that drops all of them? `argus convert NAME` makes the layouts of published data sets."
        + (f" {other_suffixes(left_out)}." if left_out else "")
        + (f" {cause}." if cause else "")
    )
