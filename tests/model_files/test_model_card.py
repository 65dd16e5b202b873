"""The model card, read back by the Hub's own reader."""

import pytest
from huggingface_hub import ModelCard

from argus.model_files.model_card import measured, model_card, show_value
from tests.model_files.small_model import small_model, task

COUNTS = dict(backbone=60_000, depth=21, instance=11)


def card(licence: str = "", name: str = "somebody/model", **changes: object) -> ModelCard:
    manifest = {**small_model().manifest, **changes}
    return ModelCard(model_card(manifest, name=name, num_values=COUNTS, licence=licence))


def test_card__head_is_what_the_hub_reads() -> None:
    data = card().data
    head = data.to_dict()
    assert (head["license"], head["library_name"]) == ("other", "argus-multitask")
    assert data.pipeline_tag == "image-feature-extraction"
    assert {"object-detection", "image-segmentation", "depth-estimation"} < set(data.tags)
    assert data.datasets == ["CocoInstances", "NYUv2"]
    assert data.model_name == "model"
    results = {(r.task_name, r.metric_type): r.metric_value for r in data.eval_results}
    assert results == {
        ("depth", "rmse"): 0.5,
        ("depth", "delta1"): 0.9,
        ("instance", "bbox_mAP"): 0.25,
    }


def test_card__single_task_is_filed_under_it() -> None:
    depth = small_model().manifest["tasks"]["depth"]
    assert card(tasks=dict(depth=depth)).data.pipeline_tag == "depth-estimation"
    for kind in ("", "normals"):
        other = card(tasks=dict(depth=task(kind=kind)))
        assert other.data.pipeline_tag == "image-feature-extraction", "the Hub has no such task"
    assert "surface-normal-estimation" in other.data.tags


def test_card__licence_of_the_model() -> None:
    stated = card(licence="apache-2.0")
    assert stated.data.license == "apache-2.0" and "license_name" not in stated.data.to_dict()
    assert "- The weights: `apache-2.0`." in stated.text
    assert "not stated by those who trained" in card().text


def test_card__text() -> None:
    text = card().text
    assert 'Argus.from_pretrained("somebody/model")' in text
    assert "| depth | rmse | 0.5 m | 0.29 m |" in text
    assert "| depth | delta1 | 0.9 | - |" in text
    assert "mAP_l" not in text and "skipped" not in text
    assert "person, a \\| b" in text, "a class name must not end a cell"
    assert "Data of depth: NYUv2: none stated." in text
    assert "Data of instance: no terms are noted." in text
    assert "ab" * 32 in text and "cd" * 32 in text


def test_card__without_values_says_how_to_measure() -> None:
    bare = card(tasks=dict(depth=task(decoder="DenseEstimator")))
    assert bare.data.eval_results is None
    assert "--save-metrics" in bare.text


def test_measured__primary_first_and_nothing_meaningless() -> None:
    metrics = dict(b=0.1, a=0.2, c=-1.0, skipped_images=3.0)
    assert list(measured(task(primary="a", metrics=metrics)).items()) == [("a", 0.2), ("b", 0.1)]


@pytest.mark.parametrize(("metric", "text"), [("rmse", "0.5 m"), ("delta1", "0.9")])
def test_show_value__unit(metric: str, text: str) -> None:
    depth = small_model().manifest["tasks"]["depth"]
    assert show_value(depth, metric, depth["metrics"][metric]) == text
