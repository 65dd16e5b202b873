"""A data set that survives bad samples, and whose samples are a function of the draw.

Training on millions of files meets files that do not decode. Such a sample is replaced by another
one, chosen by the draw alone, and the replacement is reported with the sample, so that the training
loop (and not a worker process that nobody reads) counts it, logs it and stops past a share.
"""

import time
from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset

from argus.datasets.classes.relabel import Relabel
from argus.datasets.seeding import isolated_rng, stable_seed
from argus.errors import DataError
from argus.names.classes import in_order
from argus.names.wording import counted
from argus.safe_load import tensors_only

REPLACED = "replaced"
_STRICT = (
    "A sample cannot be left out of an evaluation: repair or remove the file "
    "(argus check lists all of them)."
)
# Seconds between the tries of a read that may succeed later: a network file system catches its
# breath.
_DELAYS = (0.5, 1.0, 2.0)
_PERMANENT = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


class ResilientDataset(Dataset[dict[str, Any]]):
    """Wrap a data set: seed each draw, replace bad samples, report the replacements.

    A pipeline may return None because an augmentation left nothing of the sample (a crop without
    objects). That is no fault of the data: the same sample is augmented again, and only when every
    attempt returns None is it treated as a bad one.

    Args:
        dataset: An OpenMMLab data set, or anything with ``__getitem__`` and ``__len__``.
        task: Name of the task, for messages and seeds.
        seed: Seed of the run.
        strict: Raise at a bad sample instead of replacing it; for validation and test, where a
            sample left out would change the metric unseen.
        max_tries: Bad samples (and None results of one sample) in a row before giving up.
    """

    def __init__(
        self,
        dataset: Any,
        *,
        task: str,
        seed: int,
        strict: bool = False,
        max_tries: int = 10,
    ) -> None:
        self.dataset = dataset
        self.task = task
        self.seed = seed
        self.strict = strict
        self.max_tries = max_tries
        self._lost: dict[int, list[str]] = {}
        self._relabels: dict[str, Relabel] = {}
        # The data set's own __getitem__ replaces None by another sample unseen.
        self._load = getattr(dataset, "prepare_data", dataset.__getitem__)

    @property
    def metainfo(self) -> dict[str, Any]:
        """Classes, palette and the like of the wrapped data set, as they are numbered here."""
        meta = dict(self.dataset.metainfo)
        relabel = self._relabels.get("")
        order = relabel.order.tolist() if relabel else []
        for key in ("classes", "palette"):
            values = meta.get(key)
            if order and isinstance(values, (list, tuple)) and len(values) == len(order):
                meta[key] = type(values)(in_order(values, order))
        return meta

    def renumber(self, order: Sequence[int] | None, *, task: str = "") -> None:
        """Give the classes other numbers, in samples and in ``metainfo``.

        Args:
            order: New label of each label of the wrapped data set; ``None`` for the same.
            task: Of which task, where samples have labels of several.
        """
        self._relabels.pop(task, None)
        if order is not None:
            self._relabels[task] = Relabel(order)

    def __len__(self) -> int:
        return len(self.dataset)

    def full_init(self) -> None:
        """Read the annotations now; without it every worker process would read them again."""
        if hasattr(self.dataset, "full_init"):
            self.dataset.full_init()

    def get_cat_ids(self, index: int) -> list[int]:
        """The classes in a sample."""
        return list(self.dataset.get_cat_ids(index))

    def get_data_info(self, index: int) -> dict[str, Any]:
        """The annotation of a sample, before the pipeline."""
        return dict(self.dataset.get_data_info(index))

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Load a sample.

        Args:
            key: ``(draw, index)`` as ``TaskSampler`` yields it, or the index alone, which then is
                its own draw.

        Returns:
            The sample of the wrapped data set and under ``replaced`` a list of messages, one for
            every bad sample met on the way to it.

        Raises:
            DataError: A bad sample if ``strict``; else ``max_tries`` bad samples in a row.
        """
        draw, index = key if isinstance(key, tuple) else (key, key)
        replaced = list(self._lost.get(draw, ()))
        if replaced:
            index = self._substitute(draw, len(replaced) - 1)
        cause: Exception | None = None
        for attempt in range(len(replaced), self.max_tries):
            try:
                sample = self._load_seeded(draw, index, attempt)
            except Exception as error:  # noqa: BLE001 - whatever a file provokes is a bad sample
                message = f"task {self.task!r}: {self.describe(index)}: {_reason(error)}"
                if self.strict:
                    raise DataError(f"{message}\n{_STRICT}") from error
                replaced.append(message)
                cause = error
                index = self._substitute(draw, attempt)
            else:
                return {**sample, REPLACED: replaced}
        raise DataError(
            f"{self.max_tries} samples in a row could not be loaded, so the data set, its pipeline "
            "or its disk is broken, not a single file:\n  " + "\n  ".join(replaced)
        ) from cause

    def lose(self, draw: int | None, index: int | None, reason: str) -> None:
        """Count a sample as bad that ended the process at work on it, or made it hang.

        Args:
            draw: Of the sample; ``None`` if the process was at work on none.
            index: Its number.
            reason: What happened.

        Raises:
            DataError: If ``strict``; or if the process was at work on no sample, so that replacing
                one would not help.
        """
        if draw is None or index is None:
            raise DataError(
                f"task {self.task!r}: a loader process was lost while it was at work on no sample "
                f"({reason}): the machine may be out of memory. Lower num_workers."
            )
        tried = self._lost.get(draw, [])
        if tried:
            index = self._substitute(draw, len(tried) - 1)
        message = f"task {self.task!r}: {self.describe(index)}: {reason}"
        if self.strict:
            raise DataError(f"{message}\n{_STRICT}")
        self._lost[draw] = [*tried, message]

    def _substitute(self, draw: int, attempt: int) -> int:
        """The sample that takes the place of one that failed."""
        return stable_seed("replace", self.seed, self.task, draw, attempt) % len(self)

    def _load_seeded(self, draw: int, index: int, attempt: int) -> dict[str, Any]:
        for retry in range(self.max_tries):
            with isolated_rng(stable_seed(self.seed, self.task, draw, attempt, retry)):
                sample = self._load_patiently(index)
            if sample is not None:
                return self._renumbered(dict(sample))
            if self.strict:
                break
        raise DataError(
            "the pipeline returned nothing for it"
            + ("" if self.strict else f" in {self.max_tries} attempts")
        )

    def _renumbered(self, sample: dict[str, Any]) -> dict[str, Any]:
        for task, relabel in self._relabels.items():
            labels = sample["data_samples"]
            if not task:
                relabel(labels)
            elif task in labels:  # a picture may lack the labels of one
                relabel(labels[task])
        return sample

    def _load_patiently(self, index: int) -> Any:
        """Load a sample; an error of the disk or the network is tried again, a few times."""
        for delay in _DELAYS:
            try:
                return self._load_safely(index)
            except Exception as error:
                if not _may_pass(error):
                    raise
                time.sleep(delay)
        return self._load_safely(index)

    def _load_safely(self, index: int) -> Any:
        """Load a sample; of pickles that its pipeline opens, plain values alone."""
        with tensors_only():
            return self._load(index)

    def describe(self, index: int) -> str:
        """Name a sample for a message: its number and, where known, its file."""
        try:
            info = self.dataset.get_data_info(index)
        except Exception:  # noqa: BLE001 - the annotation itself may be what is broken
            return f"sample {index}"
        path = info.get("img_path") if isinstance(info, dict) else None
        return f"sample {index}" + (f" ({path})" if path else "")


def _may_pass(error: BaseException | None) -> bool:
    """Whether the system refused a read for a reason that may not be there a moment later.

    Pillow's errors about damaged files are ``OSError`` too, but without a number of the system.
    """
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__
    return error is not None and error.errno is not None and not isinstance(error, _PERMANENT)


def _reason(error: Exception) -> str:
    """One line: the message of our own errors, the type as well of others."""
    text = " ".join(str(error).split())
    return text if isinstance(error, DataError) else f"{type(error).__name__}: {text}"


def collate(samples: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Batch samples without stacking: images differ in size until the preprocessor pads them.

    Args:
        samples: Dicts with the same keys, usually ``inputs``, ``data_samples``, ``replaced``.

    Returns:
        For every key the list of its values; under ``replaced`` all messages in one list.
    """
    batch: dict[str, list[Any]] = {
        key: [sample[key] for sample in samples] for key in samples[0] if key != REPLACED
    }
    batch[REPLACED] = [message for sample in samples for message in sample.get(REPLACED, [])]
    return batch


class BadSampleBudget:
    """Count the replaced samples of a task; stop the run past a share.

    Args:
        task: Name of the task, for the message.
        max_share: Share of bad samples among all drawn ones that is still accepted.
        grace: Bad samples accepted whatever their share, so that one bad file among the first
            ten does not stop a run.
    """

    def __init__(self, task: str, *, max_share: float = 0.01, grace: int = 10) -> None:
        self.task = task
        self.max_share = max_share
        self.grace = grace
        self.num_bad = 0
        self.num_drawn = 0

    def update(self, replaced: Sequence[str], num_samples: int) -> None:
        """Take one batch into account.

        Args:
            replaced: The batch's messages.
            num_samples: The batch's samples.

        Raises:
            DataError: More bad samples than accepted.
        """
        self.num_bad += len(replaced)
        self.num_drawn += num_samples + len(replaced)
        if self.num_bad > max(self.grace, self.max_share * self.num_drawn):
            raise DataError(
                f"task {self.task!r}: {self.num_bad} of {counted(self.num_drawn, 'sample')} "
                "drawn could not "
                f"be loaded ({self.num_bad / self.num_drawn:.1%}, accepted {self.max_share:.1%}). "
                f"The last: {replaced[-1]}\nCheck the data with argus check CONFIG, or "
                "raise max_bad_share."
            )

    def state_dict(self) -> dict[str, int]:
        """Counts, for the checkpoint."""
        return dict(num_bad=self.num_bad, num_drawn=self.num_drawn)

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Restore the counts of ``state_dict``."""
        self.num_bad = state["num_bad"]
        self.num_drawn = state["num_drawn"]
