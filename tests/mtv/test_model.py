"""The model: its passes, what each task trains, the teacher, and what is refused."""

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from argus.engine.optim import MultitaskOptimConstructor
from argus.errors import ConfigError, DataError
from argus.mtv.batch import Caption, Regions
from argus.mtv.model import MTVModel
from tests.mtv.tiny import BACKBONE, DECODERS, TASKS, batch, tiny_mtv

SUBSETS = [tasks for number in range(1, 5) for tasks in itertools.combinations(TASKS, number)]
SEEDS = dict.fromkeys(TASKS, 3)


def losses_of(model: MTVModel, indices: list[int]) -> tuple[dict, dict]:
    return model({"pairs": batch(indices, tasks=tuple(model.decoders))}, seeds=SEEDS)


def gradients(model: MTVModel, indices: list[int]) -> dict[str, torch.Tensor | None]:
    model.zero_grad(set_to_none=True)
    sum(losses_of(model, indices)[0].values()).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@contextmanager
def counted(model: MTVModel) -> Iterator[Counter]:
    """Batches that the first layer of each encoder is called with, by the encoder."""
    calls: Counter = Counter()
    encoders = dict(vision=model.backbone.vision_model, text=model.backbone.text_model)
    if "ssl" in model.decoders:
        encoders["teacher"] = model.decoders["ssl"].teacher.vision
    hooks = [
        encoder.encoder.layers[0].register_forward_pre_hook(
            lambda module, inputs, name=name, **_: (
                calls.update([(name, len(inputs[0]))]) if inputs else calls.update([(name, 0)])
            )
        )
        for name, encoder in encoders.items()
    ]
    yield calls
    for hook in hooks:
        hook.remove()


def test_passes__are_five() -> None:
    model = tiny_mtv()
    with counted(model) as calls:
        losses_of(model, [0, 1, 2, 5])
    # Four captions, the five names of pictures 1, 2 and 5, and the text of empty places.
    expected = {("vision", 4): 2, ("vision", 8): 1, ("teacher", 4): 1, ("text", 10): 1}
    assert calls == expected


PASSES = dict(vl={"vision", "text"}, ssl={"vision", "teacher"}, depth={"vision"})


@pytest.mark.parametrize("tasks", SUBSETS, ids="+".join)
def test_tasks__train_all_that_they_read_and_nothing_else(tasks: tuple[str, ...]) -> None:
    """In every combination: a gradient that is not zero for each trained parameter."""
    model = tiny_mtv(*tasks)
    with counted(model) as calls:
        found = gradients(model, [1, 2, 5, 7])
    for name, parameter in model.named_parameters():
        gradient = found[name]
        if parameter.requires_grad:
            assert gradient is not None and gradient.abs().sum() > 0, name
        else:
            assert gradient is None, name
    assert {name for name, _ in calls} == set().union(
        *(PASSES.get(task, {"vision", "text"}) for task in tasks)
    )
    assert set(model.decoders) == set(tasks)
    frozen = {
        n.split(".")[1]
        for n, p in model.backbone.named_parameters(prefix="b")
        if not p.requires_grad
    }
    assert ("text_model" in frozen) == (not {"vl", "grounding"} & set(tasks))
    assert ("logit_bias" in frozen) == ("vl" not in tasks)


def test_every_task__is_trained_in_a_batch_without_its_labels() -> None:
    """Pictures 0 and 12 have neither regions nor depth; all parameters have a gradient yet."""
    model = tiny_mtv()
    losses, logs = losses_of(model, [0, 12])
    assert losses["grounding"] == 0 == losses["depth"]
    assert logs["grounding/regions_per_image"] == 0
    found = gradients(tiny_mtv("grounding"), [0, 12])
    names = [name for name in found if name.startswith("decoders")]
    assert names and all(found[n] is not None and found[n].abs().sum() == 0 for n in names)


def test_chunks__change_neither_losses_nor_gradients() -> None:
    """A batch of any size fits, as in two passes over cached embeddings."""
    whole, parts = tiny_mtv(), tiny_mtv(chunk=3)
    expected, found = gradients(whole, [1, 2, 5, 7]), gradients(parts, [1, 2, 5, 7])
    for name, gradient in expected.items():
        if gradient is not None:
            # Depth's last bias has a gradient of 0.003, of terms whose sizes add up to 5,000.
            atol = 1e-4 if name == "decoders.depth.head.head.conv3.bias" else 2e-5
            torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=atol, msg=name)


def test_padding__has_no_influence_on_regions() -> None:
    configs = [DECODERS["grounding"] | dict(max_regions=number) for number in (2, 3)]
    losses = []
    for config in configs:
        torch.manual_seed(0)
        model = MTVModel(BACKBONE, dict(grounding=config))
        losses.append(losses_of(model, [1, 2, 4, 5])[0]["grounding"])
    torch.testing.assert_close(*losses)


def test_equal_texts__are_encoded_once() -> None:
    model = tiny_mtv("vl", "grounding")
    raw = batch([1, 2, 4], tasks=("vl", "grounding"))
    caption = raw["data_samples"][0]["vl"]
    for labels in raw["data_samples"]:
        labels["vl"] = caption
        boxes = labels["grounding"].boxes
        labels["grounding"] = Regions(boxes=boxes, ids=caption.ids.expand(len(boxes), -1))
    with counted(model) as calls:
        model({"pairs": raw})
    assert ("text", 2) in calls  # the one there is, and that of empty places


def test_teacher__follows_by_the_formula_and_is_never_trained() -> None:
    model = tiny_mtv("ssl")
    ssl = model.decoders["ssl"]
    assert all(not p.requires_grad for p in ssl.teacher.parameters())
    assert not model.train().decoders["ssl"].teacher.training
    name = "encoder.layers.0.mlp.fc1.weight"
    student = model.backbone.vision_model.get_parameter(name)
    own = ssl.teacher.vision.get_parameter(name)
    start = own.clone()
    with torch.no_grad():
        student.add_(1.0)
    for step in range(3):
        model.before_step(step, 10)
        losses_of(model, [0, 1])
        model.after_step()
    torch.testing.assert_close(own, start + (1 - 0.994**3), rtol=0, atol=1e-6)
    assert ssl.picture_centre.centre.abs().sum() > 0 < ssl.patch_centre.centre.abs().sum()
    model.start_tasks(["ssl"])
    assert torch.equal(own, student)


def test_autocast__keeps_depth_and_scores_in_float32() -> None:
    model = tiny_mtv()
    dtypes = {}
    for task, part in (("depth", "head"), ("ssl", "picture_head")):
        model.decoders[task].get_submodule(part).register_forward_hook(
            lambda module, inputs, output, task=task: dtypes.update({task: output.dtype})
        )
    with torch.autocast("cpu", torch.bfloat16):
        losses, logs = losses_of(model, [1, 2, 5, 7])
    assert set(dtypes.values()) == {torch.float32}
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert all(value.isfinite() for value in logs.values())


def test_locked_encoder__is_not_trained_and_the_rest_is() -> None:
    model = tiny_mtv("vl", "grounding", locked=["vision"])
    found = gradients(model, [1, 2, 5, 7])
    for name, gradient in found.items():
        assert (gradient is None) == name.startswith("backbone.vision_model"), name


def test_layer_decay__falls_from_the_top_of_each_encoder() -> None:
    model = tiny_mtv()
    constructor = MultitaskOptimConstructor({}, dict(layer_decay=0.5))
    groups = constructor.param_groups(model, lr=1.0, weight_decay=0.0)
    names = {parameter: name for name, parameter in model.named_parameters()}
    rates = {names[p]: group["lr"] for group in groups for p in group["params"]}
    expected = {"embeddings.position_embedding": 0.125, "encoder.layers.0.mlp.fc1": 0.25}
    expected |= {"encoder.layers.1.mlp.fc1": 0.5, "head.mlp.fc1": 1.0}
    for name, rate in expected.items():
        assert rates[f"backbone.vision_model.{name}.weight"] == rate
    assert rates["backbone.text_model.encoder.layers.0.mlp.fc1.weight"] == 0.25
    assert rates["backbone.logit_scale"] == rates["decoders.ssl.mask_token"] == 1.0


def with_label(task: str, label: Any) -> dict[str, Any]:
    raw = batch([1, 2])
    raw["data_samples"][1][task] = label
    return raw


LONG = torch.ones(9, dtype=torch.int64)
WRONG_LABELS = [
    ("vl", None, "needs a Caption of every picture, found nothing for number 1"),
    ("vl", Regions(boxes=torch.zeros(0, 4), ids=LONG[None, :8]), "found Regions"),
    ("ssl", Caption(ids=LONG), "needs a Crops of every picture, found Caption"),
    ("grounding", Caption(ids=LONG), "needs Regions, found Caption"),
    (
        "grounding",
        Regions(boxes=torch.zeros(4, 4), ids=LONG[:8].expand(4, 8)),
        "has 4 boxes and 4 names; expected as many of both, and at most 3",
    ),
    ("depth", Caption(ids=LONG), "needs Disparity, found Caption"),
]


@pytest.mark.parametrize(("task", "label", "message"), WRONG_LABELS)
def test_labels__of_another_kind_are_refused(task: str, label: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        tiny_mtv(task)({"pairs": with_label(task, label)})


def test_texts__that_are_not_padded_are_refused() -> None:
    raw = batch([1, 2], tasks=("vl",))
    for labels in raw["data_samples"]:
        labels["vl"] = Caption(ids=LONG[:5])
    with pytest.raises(DataError, match="texts of 5 tokens, but the text encoder reads .* place 8"):
        tiny_mtv("vl")({"pairs": raw})


def test_views__of_different_sizes_are_refused() -> None:
    raw = batch([1, 2], tasks=("vl",))
    views = raw["inputs"]
    raw["inputs"] = [views[0][:, :16], views[1]]
    with pytest.raises(DataError, match="the views of a batch must have one size"):
        tiny_mtv("vl")({"pairs": raw})
    raw["inputs"] = torch.stack(views)[..., :20]  # a loader may have stacked them
    with pytest.raises(DataError, match="views of 32x20 pixels .* multiples of 8"):
        tiny_mtv("vl")({"pairs": raw})


WRONG_CONFIGS: list[tuple[dict[str, Any], str]] = [
    (dict(decoders={}), "MTV needs at least one task"),
    (dict(streams=dict(a=["vl"], b=["ssl"])), "are labels of the same pictures"),
    (dict(locked=["audio"]), "task_model.locked: expected some of vision, text"),
    (dict(chunk=0), "task_model.chunk: expected None or a number >= 1, found 0"),
    (dict(decoders=dict(vl=dict(type=nn.Identity))), "expected a decoder of argus.mtv.decoders"),
    (dict(decoders=dict(vl=DECODERS["vl"] | dict(equal_texts="x"))), "equal_texts: expected"),
    (dict(decoders=dict(d=DECODERS["depth"] | dict(taps=(1, 2, 2, 3)))), "four blocks between"),
    (dict(decoders=dict(d=DECODERS["depth"] | dict(activation="tanh"))), "softplus, relu"),
    (dict(decoders=dict(s=DECODERS["ssl"] | dict(centre_of="both"))), "teacher, student"),
    (dict(backbone=dict(BACKBONE, size="huge")), "backbone.size: expected one of base_224"),
    (dict(backbone=dict(BACKBONE, pretrained="there")), "remove size, vision, text"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG_CONFIGS)
def test_config__mistakes_are_told(changes: dict[str, Any], message: str) -> None:
    options = dict(backbone=BACKBONE, decoders={t: DECODERS[t] for t in ("vl", "ssl")}) | changes
    with pytest.raises(ConfigError, match=message):
        MTVModel(**options)
