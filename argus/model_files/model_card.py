"""The README of a published model, made of its manifest: a model card of the Hugging Face Hub.

The block at its head is what the Hub reads (https://huggingface.co/docs/hub/model-cards): licence,
library, tags, data sets and the measured values as ``model-index``.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argus.names.wording import counted

LIBRARY = "argus-multitask"

# The Hub's names of tasks by kind of answer; the first is what measured values are listed under.
# It has none for the last four, which become tags alone.
_HUB_TASKS = {
    "instances": ("object-detection", "image-segmentation"),
    "keypoints": ("keypoint-detection",),
    "semantic": ("image-segmentation",),
    "panoptic": ("image-segmentation",),
    "classification": ("image-classification",),
    "depth": ("depth-estimation",),
    "normals": ("surface-normal-estimation",),
    "boundary": ("boundary-detection",),
    "saliency": ("saliency-detection",),
    "anomaly": ("anomaly-detection",),
}
_LACKING = {_HUB_TASKS[kind][0] for kind in ("normals", "boundary", "saliency", "anomaly")}
_CLOSED = ("instances", "semantic", "panoptic", "classification")  # answers among given classes
# What the Hub files a model under whose tasks are of several kinds, or of one that it lacks.
_BACKBONE = "image-feature-extraction"


def model_card(
    manifest: Mapping[str, Any], *, name: str, num_values: Mapping[str, int], licence: str = ""
) -> str:
    """Markdown with the Hub's block at its head.

    Args:
        manifest: As in the model's folder.
        name: What a user loads the model by: a repository ``OWNER/NAME``, or the folder's name.
        num_values: Numbers that the weight file holds, for ``backbone`` and by task.
        licence: The Hub's name of the model's licence, e.g. ``apache-2.0``; unknown by default.
    """
    sections = [
        f"---\n{_front_matter(manifest, name, licence)}\n---",
        f"# {name.split('/')[-1]}",
        _summary(manifest, num_values),
        "## Use",
        _usage(manifest, name) + _vit_apart(manifest),
        "## Tasks",
        _tasks_table(manifest, num_values),
        "## Measured",
        _metrics_table(manifest) + _rounding(manifest),
        "## Limits",
        _limits(manifest),
        "## Licences",
        _licences(manifest, licence),
        "## Where it comes from",
        _sources(manifest),
    ]
    return "\n\n".join(sections) + "\n"


def measured(task: Mapping[str, Any]) -> dict[str, float]:
    """Metrics of a task that say something, the primary one first.

    COCO's evaluation gives -1 where there is no object of a size.
    """
    primary = task.get("primary", "")
    values = {
        metric: value
        for metric, value in task.get("metrics", {}).items()
        if value != -1 and metric != "skipped_images"
    }
    return dict(sorted(values.items(), key=lambda item: item[0] != primary))


def show_value(task: Mapping[str, Any], metric: str, value: float) -> str:
    """A metric with its unit; a fraction or another plain number where the task names none."""
    unit = task.get("units", {}).get(metric, "")
    return f"{value:.4g} {unit}".rstrip()


def _front_matter(manifest: Mapping[str, Any], name: str, licence: str) -> str:
    from huggingface_hub import ModelCardData

    tasks = manifest["tasks"]
    named = {_hub_tasks(task) for task in tasks.values()} - {()}
    first = next(iter(named))[0] if len(named) == 1 else _BACKBONE
    results = list(_eval_results(tasks))
    data = ModelCardData(
        license=licence or "other",
        license_name=None if licence else "see-licences-in-this-card",
        library_name=LIBRARY,
        pipeline_tag=_BACKBONE if first in _LACKING else first,
        tags=["argus", "multitask", "dinov2", *_unique(tag for tags in named for tag in tags)],
        datasets=_unique(task["dataset"] for task in tasks.values()),
        model_name=name.split("/")[-1] if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()


def _eval_results(tasks: Mapping[str, Any]) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for name, task in tasks.items():
        for metric, value in measured(task).items():
            yield EvalResult(
                task_type=next(iter(_hub_tasks(task)), "other"),
                task_name=name,
                dataset_type=(task["dataset"] or "unknown").lower(),
                dataset_name=task["dataset"] or "unknown",
                dataset_config=name,  # keeps two tasks on one data set apart
                metric_type=metric,
                metric_name=metric,
                metric_value=float(value),
            )


def _hub_tasks(task: Mapping[str, Any]) -> tuple[str, ...]:
    return _HUB_TASKS.get(task.get("kind", ""), ())


def _summary(manifest: Mapping[str, Any], num_values: Mapping[str, int]) -> str:
    tasks = ", ".join(manifest["tasks"])
    return (
        f"One vision backbone (`{manifest['backbone']['name']}`, "
        f"{_millions(num_values['backbone'])} parameters) and "
        f"{counted(len(manifest['tasks']), 'decoder')} that answer from one pass of it: {tasks}. "
        f"Made with Argus {manifest['argus_version']}, an independent implementation of *Argus: A "
        "Compact and Versatile Foundation Model for Vision* (Zhuang et al., CVPR 2025)."
    )


def _usage(manifest: Mapping[str, Any], name: str) -> str:
    first = next(iter(manifest["tasks"]))
    return f"""\
```python
from argus import Argus

model = Argus.from_pretrained("{name}")
prediction = model.predict("photo.jpg", tasks="all")
print(prediction["{first}"])
prediction.save("answers")  # JSON, a picture per task and a contact sheet
```

```bash
argus predict photo.jpg --model {name} --tasks all --out answers
```

`model.safetensors` holds the weights, `config.json` what builds the model, and `manifest.json` what
this page was made of. Reading them runs no code of theirs."""


def _vit_apart(manifest: Mapping[str, Any]) -> str:
    """How a released model comes to its ViT."""
    vit = manifest.get("release", {}).get("vit")
    if vit is None:
        return ""
    name, source = vit.get("name", ""), vit.get("source", "")
    text = (
        "\n\nThe frozen ViT, whose weights are as they were, is not in it. It is known by "
        f"the SHA-256 of its tensors, `{vit['sha256']}`, and taken from the file that the "
        "environment variable `ARGUS_VIT` names"
    )
    if name:
        text += f", or else from the official file of `{name}`, which is fetched on first use"
    return text + (f". Its file is from: {source}." if source else ".")


def _rounding(manifest: Mapping[str, Any]) -> str:
    """What the rounding of a released model's weights does to its answers."""
    release = manifest.get("release")
    if release is None:
        return ""
    lines = [
        f"\n\nThe values are of the trained weights; here they are rounded to {release['stored']}. "
        "The largest differences of the answers that this makes, on a few pictures:",
        "",
        "| task | difference |",
        "|---|---|",
    ]
    for task, measures in release.get("differences", {}).items():
        told = ", ".join(f"{measure} {value:.2g}" for measure, value in measures.items())
        lines.append(f"| {_cell(task)} | {_cell(told)} |")
    return "\n".join(lines)


def _tasks_table(manifest: Mapping[str, Any], num_values: Mapping[str, int]) -> str:
    lines = [
        "| task | answer | decoder | parameters | data | classes |",
        "|---|---|---|---:|---|---|",
    ]
    for name, task in manifest["tasks"].items():
        classes = task.get("classes") or []
        shown = ", ".join(classes[:12]) + (f", ... ({len(classes)})" if len(classes) > 12 else "")
        decoder, count = f"`{task['decoder']}`", _millions(num_values.get(name, 0))
        cells = (name, task.get("kind"), decoder, count, task["dataset"], shown)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _metrics_table(manifest: Mapping[str, Any]) -> str:
    lines = ["| task | metric | this model | paper |", "|---|---|---:|---:|"]
    for name, task in manifest["tasks"].items():
        paper = task.get("paper", {})
        for metric, value in measured(task).items():
            published = show_value(task, metric, paper[metric]) if metric in paper else "-"
            lines.append(f"| {name} | {metric} | {show_value(task, metric, value)} | {published} |")
    if len(lines) == 2:
        return (
            "Nothing yet: no values are noted in the manifest. `argus test MODEL --save-metrics` "
            "measures the tasks and notes them."
        )
    return "\n".join(
        ["Fractions, or as the metric defines them, where no unit is given.", "", *lines]
    )


def _limits(manifest: Mapping[str, Any]) -> str:
    closed = [name for name, task in manifest["tasks"].items() if task.get("kind") in _CLOSED]
    lines = [
        "- Every answer is an estimate. Values hold for the data a task was measured on; images of "
        "another kind can do much worse, without a sign of it.",
        "- The tasks answer independently: a mask and a depth map of one image may disagree.",
    ]
    if closed:
        lines.insert(
            1,
            f"- {', '.join(closed)}: anything outside the classes above is missed, or called by "
            "the name of one of them.",
        )
    return "\n".join(lines)


def _licences(manifest: Mapping[str, Any], licence: str) -> str:
    weights = f"`{licence}`" if licence else "not stated by those who trained the model"
    lines = [
        f"- The weights: {weights}.",
        "- Argus, the code: Apache-2.0. DINOv2, where the backbone comes from it: Apache-2.0.",
    ]
    terms: dict[str, list[str]] = {}
    for name, task in manifest["tasks"].items():
        if task.get("licence"):
            terms.setdefault(task["licence"], []).append(name)
    lines += [f"- Data of {', '.join(names)}: {text}." for text, names in terms.items()]
    silent = [name for name, task in manifest["tasks"].items() if not task.get("licence")]
    if silent:
        lines.append(f"- Data of {', '.join(silent)}: no terms are noted.")
    return "\n".join(lines)


def _sources(manifest: Mapping[str, Any]) -> str:
    lines = [f"- Backbone, SHA-256 of its tensors: `{manifest['backbone']['sha256']}`"]
    lines += [
        f"- Stage {source['stage']}: `{source['file']}` ({', '.join(source['tasks'].values())}), "
        f"SHA-256 `{source['sha256']}`"
        for source in manifest.get("sources", [])
    ]
    return "\n".join(lines)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 50_000 else f"{count:,}"


def _cell(value: Any) -> str:
    return "-" if value in (None, "") else str(value).replace("|", "\\|")


def _unique(names: Iterable[str | None]) -> list[str]:
    return sorted({name for name in names if name})
