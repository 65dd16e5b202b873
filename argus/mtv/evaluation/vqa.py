"""Questions about pictures: what ``lmms-eval`` measured of a language model on an encoder.

The paper trains TinyLLaVA with Qwen2.5-3B on the encoder and takes the mean of MMVP, CV-Bench and
RealWorldQA. Training and answering are not done here: the files of ``lmms-eval``
(``--output_path``) are read, and come beside the other results.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus.datasets.own.texts import read_json
from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.protocols import Evaluation, Metric
from argus.names.wording import listed

_MAX_BYTES = 64 * 2**20
_MMVP = {"pair": "mmvp_pair_accuracy,none", "single": "mmvp_accuracy,none"}
_CV_BENCH = "cv_bench_acc,none"
_REALWORLDQA = "exact_match,flexible-extract"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of the reading.

    Args:
        mmvp: ``pair`` counts the pairs of which both answers are right, ``single`` the answers.
    """

    mmvp: str = "pair"


def run(encoder: Encoder, root: Path, options: Options) -> dict[str, float]:
    """The accuracies, percent, and their mean if all three are there.

    Raises:
        ConfigError: If the options say another thing.
        DataError: If the folder has none of them, or two of one task.
    """
    if options.mmvp not in _MMVP:
        raise ConfigError(f"vqa.mmvp: expected one of {', '.join(_MMVP)}, found {options.mmvp!r}.")
    folder = root / encoder.name if (root / encoder.name).is_dir() else root
    tasks = read_tasks(folder)
    found = {
        "mmvp": _value(tasks, "mmvp", _MMVP[options.mmvp]),
        "cv_bench": _cv_bench(tasks),
        "realworldqa": _value(tasks, "realworldqa", _REALWORLDQA),
    }
    known = {name: 100.0 * value for name, value in found.items() if value is not None}
    if not known:
        raise DataError(
            f"{folder}: expected results of lmms-eval on mmvp, cv_bench and realworldqa, found "
            f"{listed(sorted(tasks)) or 'none'}."
        )
    mean = {"mean": sum(known.values()) / len(known)} if len(known) == len(found) else {}
    return mean | known


def read_tasks(folder: Path) -> dict[str, Mapping[str, Any]]:
    """What the result files of ``lmms-eval`` below a folder say, by the name of the task.

    Raises:
        DataError: If a file is another one, two files have another result of one task, or some
            questions alone were asked.
    """
    tasks: dict[str, Mapping[str, Any]] = {}
    for path in sorted(folder.rglob("*results*.json")):
        content = read_json(path, most=_MAX_BYTES)
        results = content.get("results") if isinstance(content, dict) else None
        if not isinstance(results, dict) or not all(isinstance(r, dict) for r in results.values()):
            raise DataError(f"{path}: expected an object 'results' of lmms-eval, by task.")
        for task, values in results.items():
            _check_whole(content.get("n-samples"), task, path)
            if tasks.setdefault(task, values) != values:
                raise DataError(
                    f"{path}: another result of {task} than in a file before; expected the "
                    f"results of one model below {folder}, each task once."
                )
    return tasks


def _check_whole(counts: Any, task: str, path: Path) -> None:
    """Refuse the results of a trial with some of the questions."""
    own = counts.get(task) if isinstance(counts, dict) else None
    asked, there = (own.get("effective"), own.get("original")) if isinstance(own, dict) else (0, 0)
    if isinstance(asked, int) and isinstance(there, int) and asked < there:
        raise DataError(
            f"{path}: {task} was asked {asked:,} of {there:,} questions; run lmms-eval without "
            "--limit, or move this file away."
        )


def _cv_bench(tasks: Mapping[str, Mapping[str, Any]]) -> float | None:
    """The mean of the 2D and the 3D part, or that of all questions where these are not apart."""
    parts = [_value(tasks, f"cv_bench_{part}", _CV_BENCH) for part in ("2d", "3d")]
    known = [part for part in parts if part is not None]
    return sum(known) / 2 if len(known) == 2 else _value(tasks, "cv_bench", _CV_BENCH)


def _value(tasks: Mapping[str, Mapping[str, Any]], task: str, key: str) -> float | None:
    if task not in tasks:
        return None
    value = tasks[task].get(key)
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise DataError(
            f"results of {task}: expected {key!r} in [0, 1], found {value!r} among "
            f"{listed(tasks[task])}."
        )
    return float(value)


EVALUATION = Evaluation(
    name="vqa",
    title="Visual questions",
    run=run,
    metrics={
        "mean": Metric(title="mean"),
        "mmvp": Metric(title="MMVP"),
        "cv_bench": Metric(title="CV-Bench"),
        "realworldqa": Metric(title="RealWorldQA"),
    },
    options=Options,
    layout="what lmms-eval wrote (--output_path), of each model in a folder of its name",
    paper=paper_rows(mean="vqa"),
    open_points=(
        "The paper gives the mean of MMVP, CV-Bench and RealWorldQA alone. Whether MMVP counts "
        "pairs, as its authors do and as here, or answers (vqa.mmvp=single) is not said; an answer "
        "by chance is right in a quarter of the pairs and in half of the questions.",
        "CV-Bench is the mean of its 2D and 3D part here; its authors average 2D over two sources "
        "first.",
    ),
)
