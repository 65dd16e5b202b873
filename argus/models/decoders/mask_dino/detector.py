"""Mask DINO as an mmdet detector: boxes, instance masks, semantic and panoptic maps.

Paper: Mask DINO: Towards A Unified Transformer-based Framework for Object Detection and
Segmentation (Li et al., CVPR 2023), https://arxiv.org/abs/2206.02777.

What was changed: see the headers of the parts. With ``canvas="image"`` images may be padded by any
amount: geometry is relative to the image, and padding is not attended. The published code, and so
the default, takes padding for a part of the picture.
"""

from collections.abc import Sequence
from typing import Any

from mmdet.models.detectors.base import BaseDetector
from mmdet.structures import DetDataSample
from torch import Tensor

from argus.errors import ConfigError
from argus.registry import MODELS

from .head import HeadOutput
from .postprocess import Frame, instance_results, panoptic_result, semantic_result
from .structures import EncodedFeatures, valid_ratios
from .targets import collect_targets, image_shape

# Without img metas, the size of the batch follows from the first map.
FIRST_STRIDE = 4
# A picture alone is padded to multiples of it.
DIVISOR = 32

TEST_DEFAULTS: dict[str, Any] = dict(
    instance_on=True,
    semantic_on=False,
    panoptic_on=False,
    max_per_image=100,
    focus_on_box=False,
    score_threshold=0.25,
    overlap_threshold=0.8,
    temperature=0.06,
)


@MODELS.register_module()
class MaskDINO(BaseDetector):
    """Backbone, pixel encoder, head and losses.

    Args:
        backbone: Four feature maps, strides 4, 8, 16, 32; ``dict(type=SharedBackbone)`` in Argus.
        pixel_encoder: Config of :class:`~.pixel_encoder.MaskDINOPixelEncoder`.
        head: Config of :class:`~.head.MaskDINOHead` without ``num_classes``, ``embed_dim``,
            ``mask_dim`` and ``num_levels``, which follow from the rest.
        criterion: Config of :class:`~.criterion.MaskDINOCriterion`.
        canvas: What boxes are relative to, and attended. ``padded``: in training the padded batch;
            large-scale jitter pads small pictures, whose boxes then weigh less in the L1 loss. In
            prediction the picture padded to multiples of 32, whatever its batch. ``image``: the
            picture without padding.
        num_things_classes: Classes with instances, the first ones.
        num_stuff_classes: Classes with one region per image, after those.
        test_cfg: ``instance_on``, ``semantic_on``, ``panoptic_on``: which results to give;
            ``max_per_image``, ``focus_on_box`` (:func:`~.postprocess.instance_results`);
            ``score_threshold``, ``overlap_threshold``, ``temperature``
            (:func:`~.postprocess.panoptic_result`). Defaults: ``TEST_DEFAULTS``.
        train_cfg: Not used; mmdet passes it.
        data_preprocessor: Config of mmdet's ``DetDataPreprocessor``.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: An unknown key in ``test_cfg``, or ``canvas``.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        pixel_encoder: dict[str, Any],
        head: dict[str, Any],
        criterion: dict[str, Any],
        num_things_classes: int = 80,
        num_stuff_classes: int = 0,
        canvas: str = "padded",
        test_cfg: dict[str, Any] | None = None,
        train_cfg: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        unknown = sorted(set(test_cfg or ()) - set(TEST_DEFAULTS))
        if unknown:
            raise ConfigError(
                f"MaskDINO: test_cfg has unknown keys {unknown}; known are {sorted(TEST_DEFAULTS)}."
            )
        if canvas not in ("padded", "image"):
            raise ConfigError(f"MaskDINO: canvas must be 'padded' or 'image', found {canvas!r}.")
        self.canvas = canvas
        self.test_cfg = {**TEST_DEFAULTS, **(test_cfg or {})}
        self.num_things_classes = num_things_classes
        self.num_stuff_classes = num_stuff_classes
        self.backbone = MODELS.build(backbone)
        self.pixel_encoder = MODELS.build(pixel_encoder)
        self.head = MODELS.build(
            {
                **head,
                "num_classes": self.num_classes,
                "embed_dim": self.pixel_encoder.embed_dim,
                "mask_dim": self.pixel_encoder.mask_dim,
                "num_levels": self.pixel_encoder.num_levels,
            }
        )
        self.criterion = MODELS.build(criterion)

    @property
    def num_classes(self) -> int:
        """K, things and stuff."""
        return self.num_things_classes + self.num_stuff_classes

    def extract_feat(self, batch_inputs: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Feature maps of images (B, 3, H, W), or the maps themselves."""
        return tuple(self.backbone(batch_inputs))

    def loss(
        self, batch_inputs: Tensor | Sequence[Tensor], batch_data_samples: list[DetDataSample]
    ) -> dict[str, Tensor]:
        """Losses of a batch; see :meth:`~.criterion.MaskDINOCriterion.forward`."""
        features = self.extract_feat(batch_inputs)
        batch_shape = _batch_shape(features, batch_data_samples)
        canvases = [batch_shape] * len(batch_data_samples)
        if self.canvas == "image":
            canvases = [image_shape(sample, batch_shape) for sample in batch_data_samples]
        targets = collect_targets(
            batch_data_samples,
            canvases=canvases,
            batch_shape=batch_shape,
            device=features[0].device,
            num_things_classes=self.num_things_classes,
            num_stuff_classes=self.num_stuff_classes,
        )
        encoded = self._encode(features, canvases, batch_shape)
        losses: dict[str, Tensor] = self.criterion(self.head(encoded, targets), targets)
        return losses

    def predict(
        self,
        batch_inputs: Tensor | Sequence[Tensor],
        batch_data_samples: list[DetDataSample],
        rescale: bool = True,
    ) -> list[DetDataSample]:
        """Fill in the results.

        Args:
            batch_inputs: Images or feature maps.
            batch_data_samples: With ``img_shape``, ``ori_shape`` and ``batch_input_shape``.
            rescale: Give results at ``ori_shape``, otherwise at ``img_shape``.

        Returns:
            The samples, with ``pred_instances``, ``pred_sem_seg`` and ``pred_panoptic_seg`` as far
            as ``test_cfg`` asks for them.
        """
        features = self.extract_feat(batch_inputs)
        batch_shape = _batch_shape(features, batch_data_samples)
        canvases = self._test_canvases(batch_data_samples, batch_shape)
        output = self.head(self._encode(features, canvases, batch_shape))
        for i, (sample, canvas) in enumerate(zip(batch_data_samples, canvases, strict=True)):
            shape = image_shape(sample, batch_shape)
            result_shape = sample.metainfo.get("ori_shape", shape) if rescale else shape
            frame = Frame(batch_shape, canvas, shape, (int(result_shape[0]), int(result_shape[1])))
            self._add_results(sample, output, i, frame)
        return batch_data_samples

    def _forward(
        self,
        batch_inputs: Tensor | Sequence[Tensor],
        batch_data_samples: list[DetDataSample] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Class logits (B, Q, K), boxes (B, Q, 4) and mask logits (B, Q, h, w), last layer."""
        features = self.extract_feat(batch_inputs)
        batch_shape = _batch_shape(features, batch_data_samples)
        canvases = self._test_canvases(batch_data_samples or [], batch_shape)
        canvases = canvases or [batch_shape] * len(features[0])
        output = self.head(self._encode(features, canvases, batch_shape))
        last = output.decoded
        return last.class_logits[-1], last.boxes[-1], output.masks()

    def _test_canvases(
        self, samples: Sequence[DetDataSample], batch_shape: tuple[int, int]
    ) -> list[tuple[int, int]]:
        """(height, width) of each image, padded as if it were alone where padding counts."""
        shapes = [image_shape(sample, batch_shape) for sample in samples]
        if self.canvas == "image":
            return shapes
        return [
            (min(_rounded_up(height), batch_shape[0]), min(_rounded_up(width), batch_shape[1]))
            for height, width in shapes
        ]

    def _encode(
        self,
        features: Sequence[Tensor],
        canvases: Sequence[tuple[int, int]],
        batch_shape: tuple[int, int],
    ) -> EncodedFeatures:
        """Run the pixel encoder; ``canvases`` are what is attended, (height, width) per image."""
        ratios = valid_ratios(canvases, batch_shape, features[0].device)
        is_padded = any(canvas != batch_shape for canvas in canvases)
        encoded: EncodedFeatures = self.pixel_encoder(features, ratios, is_padded=is_padded)
        return encoded

    def _add_results(
        self, sample: DetDataSample, output: HeadOutput, image: int, frame: Frame
    ) -> None:
        """Put the results of one image into its sample."""
        cfg = self.test_cfg
        class_logits = output.decoded.class_logits[-1, image]
        boxes = output.decoded.boxes[-1, image]
        masks = output.masks(image)
        if cfg["instance_on"]:
            sample.pred_instances = instance_results(
                class_logits,
                boxes,
                masks,
                frame,
                num_things_classes=self.num_things_classes,
                max_per_image=cfg["max_per_image"],
                focus_on_box=cfg["focus_on_box"],
            )
        if cfg["semantic_on"]:
            sample.pred_sem_seg = semantic_result(
                class_logits, masks, frame, temperature=cfg["temperature"]
            )
        if cfg["panoptic_on"]:
            sample.pred_panoptic_seg = panoptic_result(
                class_logits,
                masks,
                frame,
                num_things_classes=self.num_things_classes,
                score_threshold=cfg["score_threshold"],
                overlap_threshold=cfg["overlap_threshold"],
                temperature=cfg["temperature"],
            )


def _rounded_up(side: int) -> int:
    return -(-side // DIVISOR) * DIVISOR


def _batch_shape(
    features: Sequence[Tensor], samples: Sequence[DetDataSample] | None
) -> tuple[int, int]:
    """(height, width) of the padded batch, pixels."""
    if samples and "batch_input_shape" in samples[0].metainfo:
        height, width = samples[0].metainfo["batch_input_shape"]
        return int(height), int(width)
    height, width = features[0].shape[-2:]
    return height * FIRST_STRIDE, width * FIRST_STRIDE
