"""Recalls against ranks counted one by one, and a training that validates by them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from argus.engine import MultitaskRunner
from argus.errors import ConfigError, DataError
from argus.mtv.batch import Caption
from argus.mtv.metrics import RetrievalRecall
from tests.mtv.tiny import batch, tiny_config, tiny_mtv, words


def recall(samples: list[dict], **options) -> dict[str, float]:
    metric = RetrievalRecall(**options)
    for sample in samples:
        metric.process(None, [sample])
    return metric.compute_metrics(metric.results)


def embeddings(numbers: list[int]) -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    return [
        dict(
            image=torch.randn(4, generator=generator),
            texts=torch.randn(number, 4, generator=generator),
        )
        for number in numbers
    ]


def test_recall__is_counted_one_by_one() -> None:
    samples = embeddings([1, 3, 2, 1, 5, 2, 1])
    texts = [(owner, text) for owner, s in enumerate(samples) for text in s["texts"]]
    found = recall(samples, top=(1, 2, 5))
    for k in (1, 2, 5):
        hits = []
        for owner, sample in enumerate(samples):
            order = sorted(texts, key=lambda pair: -float(pair[1] @ sample["image"]))  # noqa: B023
            hits.append(any(other == owner for other, _ in order[:k]))
        assert found[f"image_to_text_r{k}"] == pytest.approx(np.mean(hits))
        hits = []
        for owner, text in texts:
            scores = [float(text @ sample["image"]) for sample in samples]
            hits.append(owner in np.argsort(scores)[::-1][:k])
        assert found[f"text_to_image_r{k}"] == pytest.approx(np.mean(hits))


def test_recall__of_the_best_and_of_a_constant() -> None:
    eye = torch.eye(12)
    perfect = [dict(image=row, texts=row[None]) for row in eye]
    assert set(recall(perfect).values()) == {1.0}
    constant = [dict(image=eye[0], texts=eye[:1]) for _ in eye]
    assert set(recall(constant).values()) == {0.0}
    with pytest.raises(ConfigError, match="expected numbers >= 1, found \\[0\\]"):
        RetrievalRecall(top=[0])


def test_predictions__have_all_captions_of_a_picture() -> None:
    model = tiny_mtv("vl").eval()
    raw = batch([1, 2], tasks=("vl",))
    ids = words(torch.Generator().manual_seed(1), 3)
    raw["data_samples"][1]["vl"] = Caption(ids=ids)
    first, second = model.predict("vl", raw)
    assert first["texts"].shape == (1, 32) and second["texts"].shape == (3, 32)
    with torch.no_grad():
        expected = model.backbone.text_model(input_ids=ids).pooler_output
    expected = torch.nn.functional.normalize(expected, dim=-1)
    torch.testing.assert_close(second["texts"], expected)
    with pytest.raises(DataError, match="4 captions for 2 pictures"):
        model({"pairs": raw})
    with pytest.raises(ConfigError, match="Depth has no predictions that a metric takes"):
        tiny_mtv("depth").predict("depth", batch([1]))


def test_training__validates_by_retrieval(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, "vl", "depth", train_cfg=dict(max_iters=2))
    config.tasks.vl |= dict(
        val=dict(dataset=dict(type="ToyPairs", tasks=("vl",)), batch_size=5, num_workers=0),
        metrics=dict(type=RetrievalRecall),
        primary="image_to_text_r1",
    )
    config.val_cfg = dict()
    runner = MultitaskRunner.from_cfg(config)
    metrics = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs) -> None:
        call_hook(name, **kwargs)
        if name == "after_val_epoch":
            metrics.append(kwargs["metrics"])

    runner.call_hook = record
    runner.train()
    (found,) = metrics
    assert {f"vl/image_to_text_r{k}" for k in (1, 5, 10)} < set(found)
    assert all(0 <= value <= 1 for value in found.values())
