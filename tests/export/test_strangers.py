"""Unmodified models of the libraries, exported and compared with the libraries."""

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from mmcv.ops import batched_nms

from argus.api import Argus
from argus.errors import ExportError
from argus.export import export_model
from argus.export.check import above, measure
from argus.export.graph import ExportGraph, export_form
from argus.export.heads import find_head
from argus.export.heads.suppression import suppress
from argus.export.images import check_images
from argus.export.options import ExportOptions
from argus.export.plan import plan_graphs
from argus.export.tolerances import tolerances_of
from argus.inference.task_info import kind_of
from argus.models.multitask import MultitaskModel
from tests.export.small_model import write_folder
from tests.models import strangers, two_stage

DECODERS: dict[str, dict[str, Any]] = {
    "dino": strangers.dino(),
    "deformable": strangers.deformable_detr(),
    "two_stages": strangers.deformable_detr(refine=True),
    "detr": strangers.detr(),
    "conditional": strangers.detr("ConditionalDETR"),
    "dab": strangers.dab_detr(),
    "patterns": strangers.dab_detr(num_patterns=2),
    "atss": strangers.atss(),
    "rtmdet": strangers.rtmdet(),
    "rtmdet_ins": strangers.rtmdet_ins(),
    "retinanet": strangers.retinanet(),
    "fcos": strangers.fcos(),
    "faster_rcnn": two_stage.faster_rcnn(),
    "mask_rcnn": two_stage.mask_rcnn(sampling_ratio=0),
    "masks": strangers.mask2former(),
    "mask_labels": strangers.mask2former(library="mmseg"),
    "cascade": strangers.segmentor("CascadeEncoderDecoder"),
    "simcc": strangers.simcc(),
    "heatmaps": strangers.heatmaps(),
    "unbiased": strangers.heatmaps(unbiased=True),
    "coordinates": strangers.coordinates(),
    "stacked": strangers.classifier(),
    "tags": strangers.tagger(),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Argus:
    folder = write_folder(
        tmp_path_factory.mktemp("strangers"), dict(type=strangers.FourMaps), DECODERS
    )
    loaded = Argus.from_pretrained(folder, device="cpu", dtype="fp32", trust=["tests"])
    head = loaded.model.decoder("mask_labels").decode_head
    head.cls_embed.weight.data *= 50  # as they are, one class wins everywhere
    head.mask_embed[-1].weight.data *= 50
    return loaded


@pytest.mark.parametrize("task", DECODERS)
def test_graph__gives_the_answers_of_the_library(model: Argus, task: str) -> None:
    plans, skipped = plan_graphs(model, [task], [(64, 96)], stem="x", plain_name=True)
    assert not skipped
    (plan,) = plans
    graph = ExportGraph(model.model.backbone, plan.heads, plan.normaliser).eval()
    outputs = graph.outputs()
    found: list[dict[str, Any]] = []

    def run(images: Any) -> dict[str, Any]:
        with export_form():
            answers = graph(torch.from_numpy(images))
        for output, value in zip(outputs, answers, strict=True):
            assert tuple(value.shape) == (len(images), *output.axes[1:]), output
            assert str(value.dtype).removeprefix("torch.") == output.dtype, output
        found.append({o.name: v.numpy() for o, v in zip(outputs, answers, strict=True)})
        return found[-1]

    pictures = check_images(None, plan.size)[:3]
    differences = measure(run, plan, model, pictures, ExportOptions(format="torch"))
    limits = tolerances_of({task: model.tasks[task].kind}, "fp32", None)
    assert not above(differences, limits), differences
    first = next(iter(found[-1].values()))
    assert first.std() > 0, "a constant would equal a constant"


@pytest.mark.parametrize("agnostic", [False, True])
def test_suppress__equals_mmcv(agnostic: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(3, 60, 2, generator=generator) * 60
    boxes = torch.cat([corners, corners + torch.rand(3, 60, 2, generator=generator) * 40], -1)
    scores = torch.rand(3, 60, generator=generator)
    scores[1, 5:] = 0  # a picture with few candidates
    labels = torch.randint(0, 3, (3, 60), generator=generator)
    config = dict(type="nms", iou_threshold=0.3, class_agnostic=agnostic)
    found, rows = suppress(boxes, scores, labels, config=config, num=20)
    for picture in range(3):
        kept = scores[picture] > 0
        expected, index = batched_nms(
            boxes[picture, kept], scores[picture, kept], labels[picture, kept], dict(config)
        )
        count = min(20, len(index))
        assert torch.equal(found[picture, :count], expected[:count, 4])
        assert torch.equal(rows[picture, :count], index[:count])
        assert (found[picture, count:] == 0).all()
    assert 1 < (found[1] > 0).sum() < 6 and (found[0] > 0).sum() > 6


def changed(config: dict[str, Any], part: str, **values: Any) -> dict[str, Any]:
    return {**config, part: {**config[part], **values}}


REASONS = {
    "soft suppression": (
        changed(strangers.rtmdet(), "test_cfg", nms=dict(type="soft_nms", iou_threshold=0.5)),
        "its suppression is 'soft_nms', and 'nms' alone is exported",
    ),
    "suppression behind queries": (
        changed(strangers.dino(), "test_cfg", nms=dict(type="nms", iou_threshold=0.5)),
        "its test_cfg has a suppression behind the queries (nms), which is not exported",
    ),
    "stuff": (strangers.mask2former(things=2), "its classes have stuff among them"),
    "a codec that refines": (
        changed(
            strangers.simcc(),
            "head",
            decoder={**strangers.simcc()["head"]["decoder"], "use_dark": True},
        ),
        "its SimCCLabel has use_dark or decode_visibility",
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_find_head__says_what_stands_in_the_way(name: str) -> None:
    config, reason = REASONS[name]
    model = MultitaskModel(strangers.FourMaps(), dict(x=config))
    found, said = find_head(kind_of(config), model.decoder("x"))
    assert found is None and said.startswith(reason)


def test_find_head__names_what_is_exported() -> None:
    found, said = find_head("instances", torch.nn.Identity())
    assert found is None
    assert said.startswith("there is no export of a Identity; of the kind 'instances' those are: ")
    assert "MaskDINO" in said and "DINO" in said and "SingleStageDetector" in said


# Minutes of translation; what is fast compares the same graphs before it.
@pytest.mark.slow
@pytest.mark.parametrize(
    "tasks",
    [["dino", "stacked"], ["rtmdet_ins", "masks"], ["mask_rcnn"], ["cascade"], ["simcc"]],
)
def test_export__onnx_file_of_strangers(model: Argus, tmp_path: Path, tasks: list[str]) -> None:
    """Written, read back by ONNX Runtime, and compared with the library by ``export_model``."""
    report = export_model(model, tasks, tmp_path, sizes=[(64, 96)])
    assert set(next(iter(report.differences.values()))) == set(tasks)
    names = {node.op_type for node in onnx.load(report.files[0]).graph.node}
    assert ("NonMaxSuppression" in names) == bool({"rtmdet_ins", "mask_rcnn"} & set(tasks))
    assert ("RoiAlign" in names) == ("mask_rcnn" in tasks)
    # PointRend's head takes values between pixels by itself.
    assert ("GridSample" in names) == ("cascade" in tasks)
    assert not names & {"Loop", "If"}


def test_export__a_decoder_that_looks_at_values_is_named(
    model: Argus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = model.model.decoder("stacked")
    original = decoder.extract_feat

    def forward(maps: Any) -> Any:
        found = original(maps)
        return found if found[0].sum() > 0 else tuple(one + 1 for one in found)

    monkeypatch.setattr(decoder, "extract_feat", forward)
    with pytest.raises(ExportError, match="the graph of stacked cannot be traced: "):
        export_model(model, ["stacked"], tmp_path, sizes=[(32, 32)], format="torch")
