"""The detector: routing by category, placement of the maps, learning, both heads in the engine."""

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score

from argus.errors import ConfigError, DataError
from argus.models.decoders.anomaly.placement import to_original
from argus.models.foreign import build_decoder
from argus.models.multitask import MultitaskModel
from argus.registry import MODELS
from tests.learning import expect_above, learn
from tests.models.decoders.anomaly.toys import (
    CATEGORIES,
    DRAEM,
    SIMPLENET,
    SIZE,
    HandMade,
    batch,
    detector,
    picture,
    sample,
)

HEADS = pytest.mark.parametrize("head", [SIMPLENET, DRAEM], ids=["simplenet", "draem"])


def build(head: dict, **changes):
    torch.manual_seed(0)
    return build_decoder(detector(head, **changes), HandMade(), where="test")


def losses(model, entries, seed: int = 0) -> dict[str, torch.Tensor]:
    data = model.data_preprocessor(batch(entries), True)
    torch.manual_seed(seed)
    return model.loss(data["inputs"], data["data_samples"])


def predictions(model, entries) -> list:
    data = model.eval().data_preprocessor(batch(entries), False)
    with torch.no_grad():
        return model.predict(data["inputs"], data["data_samples"])


@HEADS
def test_loss__absent_category_costs_nothing(head):
    model = build(head)
    sum(losses(model, [("noise", 0, False), ("noise", 1, True)]).values()).backward()
    assert all(p.grad is not None for p in model.heads["noise"].parameters())
    assert all(p.grad is None for p in model.heads["stripes"].parameters())


def test_loss__is_the_mean_over_the_samples():
    model = build(DRAEM)
    entries = [("noise", 0, True), ("stripes", 1, False), ("noise", 2, False)]
    (whole,) = losses(model, entries).values()
    alone = [losses(model, [entry])["loss_focal"] for entry in entries]
    torch.testing.assert_close(whole, torch.stack(alone).mean())


@HEADS
def test_predict__does_not_depend_on_batch_mates(head):
    model = build(head)
    losses(model, [("noise", 0, False), ("stripes", 1, False)])
    entries = [("noise", 3, True), ("stripes", 4, True), ("noise", 5, False)]
    together = predictions(model, entries)
    for entry, expected in zip(entries, together, strict=True):
        (found,) = predictions(model, [entry])
        assert found.pred_anomaly == pytest.approx(expected.pred_anomaly, abs=1e-5)
        torch.testing.assert_close(
            found.pred_anomaly_map.data, expected.pred_anomaly_map.data, atol=1e-5, rtol=1e-4
        )


@HEADS
def test_predict__from_feature_maps_is_from_images(head):
    model = build(head).eval()
    data = model.data_preprocessor(batch([("noise", 3, True)]), False)
    with torch.no_grad():
        (first,) = model.predict(data["inputs"], copy.deepcopy(data["data_samples"]))
        maps = HandMade()(data["inputs"])
        (second,) = model.predict(maps, data["data_samples"])
    assert first.pred_anomaly == second.pred_anomaly
    assert torch.equal(first.pred_anomaly_map.data, second.pred_anomaly_map.data)


@HEADS
def test_joint__one_head_for_all(head):
    model = build(head, joint=True)
    assert list(model.heads) == ["joint"]
    losses(model, [("noise", 0, False), ("stripes", 1, False)])
    assert len(predictions(model, [("noise", 0, True), ("stripes", 0, True)])) == 2


def test_categories__the_only_one_need_not_be_named():
    model = build(DRAEM, categories=("noise",))
    unnamed = sample("noise")
    del unnamed.category
    images = torch.zeros(1, 3, SIZE, SIZE)
    (named,) = model.eval().predict(images, [sample("noise")])
    (found,) = model.predict(images, [unnamed])
    assert found.pred_anomaly == named.pred_anomaly


def test_categories__mistakes_raise():
    model = build(DRAEM)
    with pytest.raises(DataError, match=r"category 'cable' has no head.*'stripes', 'noise'"):
        model.loss(torch.zeros(1, 3, SIZE, SIZE), [sample("cable")])
    with pytest.raises(DataError, match="x.png: no gt_anomaly_map.*SyntheticAnomaly"):
        model.loss(torch.zeros(1, 3, SIZE, SIZE), [sample("noise")])
    with pytest.raises(DataError, match=r"gt_anomaly_map is \(32, 64\)"):
        small = torch.zeros(1, 32, 64, dtype=torch.uint8)
        model.loss(torch.zeros(1, 3, SIZE, SIZE), [sample("noise", small)])
    for wrong in ((), "noise", ("noise", "noise")):
        with pytest.raises(ConfigError, match="expected different names"):
            build(DRAEM, categories=wrong)


@pytest.mark.trains
@pytest.mark.parametrize(
    ("name", "head", "reach"),
    [
        # A patch of SimpleNet sees three by three cells of stride 8, so that what is next to a
        # defect shows it as well.
        ("SimpleNet", SIMPLENET | dict(in_index=(0, 1), noise_std=3.0), 12),
        ("DRAEM", DRAEM, 0),
    ],
)
def test_learning__separates_good_from_defective_pictures(name, head, reach):
    torch.manual_seed(0)
    model = MultitaskModel(HandMade(), dict(anomaly=detector(head)))
    model.train()
    defects = head is DRAEM  # SimpleNet sees flawless pictures alone
    steps = itertools.count()

    def loss() -> torch.Tensor:
        step = next(steps)
        entries = [
            (category, 100 + 4 * step + i, defects and i % 2 == 0)
            for category in CATEGORIES
            for i in range(2)
        ]
        found, logs = model(dict(anomaly=batch(entries)), seeds=dict(anomaly=step))
        assert {name.split("/")[0] for name in logs} == {"anomaly"}
        return found["anomaly"]

    learn(model.parameters(), loss, steps=60, rate=1e-2)
    model.eval()
    for category in CATEGORIES:
        entries = [(category, seed, seed % 2 == 0) for seed in range(20)]
        results = model.predict("anomaly", batch(entries))
        labels = [entry[2] for entry in entries]
        image = roc_auc_score(labels, [r.pred_anomaly for r in results])
        expect_above(f"{name}: AUROC of pictures", image, 0.9)
        # In a defective picture, the pixels at the defect score higher than the others.
        defective = [result for result in results if result.gt_anomaly]
        masks = torch.cat([result.gt_anomaly_map.data for result in defective]).float()
        near = F.max_pool2d(masks, 2 * reach + 1, 1, reach)
        maps = torch.cat([result.pred_anomaly_map.data for result in defective])
        pixel = roc_auc_score(near.flatten() > 0, maps.flatten())
        expect_above(f"{name}: AUROC of pixels", pixel, 0.8)


def test_placement__resized_centre_crop_goes_back_to_its_place():
    # A picture of 94 x 82, resized by one half to 47 x 41, cropped to 32 x 32.
    meta = dict(ori_shape=(94, 82), img_shape=(32, 32), scale_factor=(0.5, 0.5))
    window = torch.zeros(32, 32)
    window[10, 20] = 1.0
    placed = to_original(window - 3.0, sample("noise", **meta))
    assert placed.shape == (1, 94, 82)
    assert placed.min() == -3.0
    row, column = divmod(int(placed[0].argmax()), 82)
    # mmcv's CenterCrop begins at round(15 / 2) = 8 and round(9 / 2) = 4.
    assert abs(row - 2 * (8 + 10.5)) <= 1 and abs(column - 2 * (4 + 20.5)) <= 1
    assert (placed[0, :16] == -3).all() and (placed[0, :, :8] == -3).all()


def test_placement__agrees_with_mmcvs_centre_crop():
    from mmcv.transforms import CenterCrop

    from argus.datasets.transforms import JointResize, PackDense

    image, _ = picture("noise", 0, defect=True)
    results = dict(img=image.permute(1, 2, 0).numpy(), ori_shape=(SIZE, SIZE), category="noise")
    for step in (
        JointResize(scale=(45, 45)),
        CenterCrop(crop_size=(32, 32)),
        PackDense(),
    ):
        results = step(results)
    # The red channel stands for the map: back in its place it shows the same picture.
    placed = to_original(results["inputs"][0].float(), results["data_samples"])[0]
    inner = slice(12, SIZE - 12)
    difference = (placed - image[0].float())[inner, inner].abs()
    assert difference.median() < 8
    square = image[0].float() > 180
    assert ((placed > 165) & square)[inner, inner].sum() > 0.8 * square[inner, inner].sum()


def test_placement__padding_is_cut_off():
    meta = dict(ori_shape=(40, 50), img_shape=(40, 50))
    padded = torch.arange(64.0 * 64).view(64, 64)
    assert torch.equal(to_original(padded, sample("noise", **meta))[0], padded[:40, :50])


def test_placement__pipeline_padding_raises():
    meta = dict(ori_shape=(40, 50), img_shape=(64, 64))
    with pytest.raises(DataError, match="is 64x64 .* only 50x40"):
        to_original(torch.zeros(64, 64), sample("noise", **meta))


def test_detector__is_registered():
    assert MODELS.get("AnomalyDetector") is not None
    assert MODELS.get("SimpleNetHead") is not None and MODELS.get("DRAEMHead") is not None
