"""The multitask model: unmodified models of four libraries as tasks, by config alone."""

import mmdet.models  # noqa: F401
import mmpose.models  # noqa: F401
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample

from argus.errors import ConfigError, DataError
from argus.models.multitask import MultitaskModel
from argus.precision import PRECISIONS, autocast
from tests.learning import expect_below, learn
from tests.models.two_stage import mask_rcnn
from tests.toy import (
    NUM_CLASSES,
    PREPROCESS,
    ToyBackbone,
    classification_decoder,
    segmentation_sample,
    semantic_decoder,
)

CHANNELS = 8
SIZE = 64
both_precisions = pytest.mark.parametrize("precision", ["fp32", "bf16"])


def segformer() -> dict:
    """Mmseg's SegFormer head."""
    return dict(
        type="mmseg.EncoderDecoder",
        data_preprocessor=dict(type="SegDataPreProcessor", size=(SIZE, SIZE), **PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        decode_head=dict(
            type="SegformerHead",
            in_channels=[CHANNELS] * 4,
            in_index=[0, 1, 2, 3],
            channels=16,
            num_classes=NUM_CLASSES,
            norm_cfg=dict(type="GN", num_groups=4),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode="slide", crop_size=(SIZE, SIZE), stride=(32, 32)),
    )


def heatmap() -> dict:
    """Mmpose's HeatmapHead, with flip test."""
    codec = dict(type="MSRAHeatmap", input_size=(SIZE, SIZE), heatmap_size=(16, 16), sigma=1)
    return dict(
        type="mmpose.TopdownPoseEstimator",
        data_preprocessor=dict(type="PoseDataPreprocessor", **PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        neck=dict(type="FeatureMapProcessor", select_index=0),
        head=dict(
            type="HeatmapHead",
            in_channels=CHANNELS,
            out_channels=2,
            deconv_out_channels=None,
            loss=dict(type="KeypointMSELoss", use_target_weight=True),
            decoder=codec,
        ),
        test_cfg=dict(flip_test=True, flip_mode="heatmap"),
    )


def images(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(0, 255, (3, SIZE, SIZE), generator=generator, dtype=torch.uint8)
        for _ in range(count)
    ]


def detection_sample() -> DetDataSample:
    meta = dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE), scale_factor=(1.0, 1.0), img_id=0)
    sample = DetDataSample(metainfo=meta)
    masks = np.zeros((2, SIZE, SIZE), np.uint8)
    masks[0, 8:40, 8:40] = masks[1, 30:60, 20:60] = 1
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[8.0, 8, 40, 40], [20, 30, 60, 60]]),
        labels=torch.tensor([0, 2]),
        masks=BitmapMasks(masks, SIZE, SIZE),
    )
    sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0))
    return sample


def pose_sample() -> PoseDataSample:
    sample = PoseDataSample(
        metainfo=dict(
            img_shape=(SIZE, SIZE),
            ori_shape=(SIZE, SIZE),
            input_size=(SIZE, SIZE),
            input_center=np.array([32.0, 32.0]),
            input_scale=np.array([64.0, 64.0]),
            flip_indices=[1, 0],
        )
    )
    sample.gt_instances = InstanceData(
        bboxes=np.array([[0.0, 0, 64, 64]]), bbox_scores=np.ones(1), keypoints=np.zeros((1, 2, 2))
    )
    sample.gt_fields = PixelData(heatmaps=torch.rand(2, 16, 16))
    sample.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 2))
    return sample


@pytest.fixture(scope="module")
def four_libraries() -> tuple[MultitaskModel, dict]:
    torch.manual_seed(0)
    decoders = dict(
        instance=mask_rcnn(),
        semantic=segformer(),
        keypoints=heatmap(),
        classification=classification_decoder(),
    )
    model = MultitaskModel(ToyBackbone(CHANNELS), decoders)
    model.init_weights()
    label = DataSample().set_gt_label(1)
    batches = dict(
        instance=dict(inputs=images(2), data_samples=[detection_sample() for _ in range(2)]),
        semantic=dict(inputs=images(2), data_samples=[segmentation_sample(1, SIZE)] * 2),
        keypoints=dict(inputs=images(2), data_samples=[pose_sample() for _ in range(2)]),
        classification=dict(inputs=images(2), data_samples=[label, label]),
    )
    return model, batches


@pytest.mark.trains
@both_precisions
def test_multitask__unmodified_models_of_four_libraries_train(
    four_libraries: tuple, precision: str
) -> None:
    model, batches = four_libraries
    model.train()
    history = []

    def loss() -> torch.Tensor:
        with autocast(precision, "cpu"):
            losses, logs = model(batches, seeds=dict.fromkeys(batches, 0))
        assert {name.split("/")[0] for name in logs} == set(losses) == set(batches)
        history.append({task: loss.item() for task, loss in losses.items()})
        return sum(losses.values())

    learn([p for p in model.parameters() if p.requires_grad], loss, steps=40, rate=1e-2)
    for task in batches:
        share = history[-1][task] / history[0][task]
        expect_below(f"four libraries: loss of {task}, of its first", share, 1.0)
    assert model.backbone.stages[0].weight.grad.abs().sum() > 0


@both_precisions
def test_multitask__unmodified_models_of_four_libraries_predict(
    four_libraries: tuple, precision: str
) -> None:
    model, batches = four_libraries
    model.eval()
    dtypes = []
    handle = model.backbone.stages[0].register_forward_hook(lambda m, i, o: dtypes.append(o.dtype))
    with autocast(precision, "cpu"):
        found = {task: model.predict(task, batch) for task, batch in batches.items()}
    handle.remove()
    assert set(dtypes) == {PRECISIONS[precision] or torch.float32}
    # What the class is the largest of.
    assert found["semantic"][0].seg_logits.data.dtype == torch.float32
    assert found["classification"][0].pred_score.dtype == torch.float32
    assert found["instance"][0].pred_instances.masks.shape[-2:] == (SIZE, SIZE)
    assert found["semantic"][0].pred_sem_seg.data.shape == (1, SIZE, SIZE)
    assert found["keypoints"][0].pred_instances.keypoints.shape == (1, 2, 2)
    assert found["classification"][0].pred_score.float().sum().item() == pytest.approx(1, abs=0.01)


def test_multitask__backbone_is_registered_once(four_libraries: tuple) -> None:
    model, _ = four_libraries
    names = [name for name, _ in model.named_parameters()]
    assert sum("stem.weight" in name for name in names) == 1
    assert not any(".backbone." in name for name in names)


def both_tasks() -> MultitaskModel:
    torch.manual_seed(0)
    decoders = dict(semantic=semantic_decoder(), classification=classification_decoder())
    model = MultitaskModel(ToyBackbone(), decoders, streams=dict(both=list(decoders)))
    model.init_weights()
    return model.train()


def sample_of_both(label: int, *, semantic: bool = True, size: int = 32) -> dict:
    samples = dict(classification=DataSample().set_gt_label(label))
    if semantic:
        samples["semantic"] = segmentation_sample(label, size)
    return samples


def small_images(count: int, size: int = 32) -> list[torch.Tensor]:
    return [image[:, :size, :size] for image in images(count)]


def test_multitask__single_input_equals_each_task_alone() -> None:
    model = both_tasks()
    samples = [sample_of_both(0), sample_of_both(1, semantic=False), sample_of_both(2)]
    batch = dict(inputs=small_images(3), data_samples=samples)
    passes = []
    handle = model.backbone.register_forward_hook(lambda *_: passes.append(1))
    losses, _ = model(dict(both=batch))
    handle.remove()
    assert len(passes) == 1
    sum(losses.values()).backward()
    shared = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

    alone = both_tasks()
    alone.streams = {name: (name,) for name in alone.decoders}
    for task in alone.decoders:
        rows = [i for i, sample in enumerate(samples) if task in sample]
        own = dict(
            inputs=[batch["inputs"][i] for i in rows],
            data_samples=[samples[i][task] for i in rows],
        )
        loss = alone({task: own})[0][task]
        torch.testing.assert_close(losses[task], loss)
        loss.backward()
    for name, parameter in alone.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(shared[name], parameter.grad)


def test_multitask__task_without_labels_costs_nothing_and_stays_connected() -> None:
    model = both_tasks()
    batch = dict(
        inputs=small_images(2), data_samples=[sample_of_both(0, semantic=False) for _ in range(2)]
    )
    losses, logs = model(dict(both=batch))
    assert losses["semantic"].item() == 0.0
    assert losses["semantic"].requires_grad
    losses["semantic"].backward()
    assert not any(name.startswith("semantic/") for name in logs)
    assert all(p.grad is None for p in model.parameters())


def test_multitask__single_input_with_two_sizes_says_what_to_do() -> None:
    # The segmentor's preprocessor pads to 32, the classifier's leaves 16: maps would not line up.
    model = both_tasks()
    batch = dict(inputs=small_images(1, 16), data_samples=[sample_of_both(0, size=16)])
    with pytest.raises(DataError, match=r"one size.*\(16, 16\), \(32, 32\).*fixed size"):
        model(dict(both=batch))


def test_multitask__seed_makes_a_loss_independent_of_what_ran_before() -> None:
    model = MultitaskModel(ToyBackbone(), dict(semantic=_with_dropout()))
    model.init_weights()
    model.train()
    batch = dict(
        semantic=dict(inputs=small_images(2), data_samples=[segmentation_sample(1, 32)] * 2)
    )
    first = model(batch, seeds=dict(semantic=7))[0]["semantic"]
    torch.rand(5)
    again = model(batch, seeds=dict(semantic=7))[0]["semantic"]
    other = model(batch, seeds=dict(semantic=8))[0]["semantic"]
    assert first.item() == again.item() != other.item()


def _with_dropout() -> dict:
    decoder = semantic_decoder()
    decoder["decode_head"]["dropout_ratio"] = 0.5
    return decoder


def test_multitask__decoder_with_its_own_backbone_is_refused() -> None:
    decoder = classification_decoder()
    decoder["backbone"] = dict(type="ResNet", depth=18)
    with pytest.raises(ConfigError, match="has no SharedBackbone"):
        MultitaskModel(ToyBackbone(), dict(classification=decoder))


def test_multitask__loss_weight_scales_the_loss() -> None:
    batch = dict(semantic=dict(inputs=small_images(1), data_samples=[segmentation_sample(1, 32)]))
    values = []
    for weight in (1.0, 2.5):
        torch.manual_seed(0)
        model = MultitaskModel(
            ToyBackbone(), dict(semantic=semantic_decoder()), loss_weights=dict(semantic=weight)
        )
        model.init_weights()
        torch.manual_seed(0)
        for parameter in model.parameters():
            parameter.data.normal_(0, 0.1)
        values.append(model(batch)[0]["semantic"].item())
    assert values[1] == pytest.approx(2.5 * values[0])


def test_multitask__decoder_that_is_only_evaluated_is_frozen() -> None:
    decoders = dict(semantic=semantic_decoder(), classification=classification_decoder())
    model = MultitaskModel(ToyBackbone(), decoders, streams=dict(semantic=["semantic"]))
    assert not any(p.requires_grad for p in model.decoders["classification"].parameters())
    assert all(p.requires_grad for p in model.decoders["semantic"].parameters())


def test_multitask__tasks_of_a_stream_have_to_prepare_its_images_alike() -> None:
    model = both_tasks()
    model.decoder("semantic").data_preprocessor.mean += 5.0
    batch = dict(inputs=small_images(1), data_samples=[sample_of_both(0)])
    with pytest.raises(ConfigError, match="'classification' share .* the same mean"):
        model(dict(both=batch))


def test_multitask__seed_of_a_shared_stream_is_set_before_its_backbone_pass() -> None:
    model = both_tasks()
    model.backbone.stem.register_forward_hook(lambda m, i, o: o * torch.rand_like(o))
    batch = dict(both=dict(inputs=small_images(1), data_samples=[sample_of_both(0)]))
    values = [model(batch, seeds=dict(both=s))[0]["semantic"].item() for s in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_multitask__detector_without_labels_runs_as_long_as_other_processes_may_have_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("argus.models.stream_batch._has_other_processes", lambda: True)
    decoders = dict(instance=mask_rcnn(), classification=classification_decoder())
    model = MultitaskModel(ToyBackbone(), decoders, streams=dict(both=list(decoders)))
    model.init_weights()
    model.train()
    calls = []
    model.decoder("instance").rpn_head.register_forward_hook(lambda *_: calls.append(1))
    labels = dict(classification=DataSample().set_gt_label(1))
    losses, logs = model(dict(both=dict(inputs=images(2), data_samples=[labels] * 2)))
    assert calls == [1]
    assert losses["instance"].item() == 0.0
    assert not any(name.startswith("instance/") for name in logs)
    losses["instance"].backward()
    assert not any(p.grad.any() for p in model.parameters() if p.grad is not None)
