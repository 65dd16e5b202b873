"""Depth models of ``transformers``, to calibrate a measuring of relative depth by known numbers.

They are no encoders: of their features nothing is asked.
"""

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

from argus.errors import CheckpointError, ConfigError
from argus.mtv.encoders.encoder import Encoder, MissingPart, short_name
from argus.mtv.encoders.preparation import Preparation
from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.transformers_models import READ_ERRORS, read_for_use

_EXAMPLE = "depth-anything/Depth-Anything-V2-Small-hf"
_TOLD = ("size", "keep_aspect_ratio", "ensure_multiple_of", "resample", "image_mean", "image_std")


class OwnPreparation(Preparation):
    """That of the processor of the library, which does it itself."""

    def __str__(self) -> str:
        """One line for a table."""
        return str(self.source)

    def pixels(self, picture: Image.Image, size: tuple[int, int] | None = None) -> NoReturn:
        """Nothing: such a model is asked for depth alone."""
        raise MissingPart(
            "a depth model has no features that are measured: it goes with relative_depth alone."
        )


class DepthModel(Encoder):
    """Depth Anything, or DPT (MiDaS): inverse depth of any scale and shift.

    Args:
        source: Folder or name on the Hub.
        device: Where it computes.

    Raises:
        CheckpointError: If it or its image processor cannot be read.
        ConfigError: If it gives metres.
    """

    def __init__(self, source: str, *, device: str) -> None:
        model = read_for_use(
            AutoModelForDepthEstimation, source, what="depth estimation", example=_EXAMPLE
        ).to(device)
        kind = getattr(model.config, "depth_estimation_type", "relative")
        if kind != "relative":
            raise ConfigError(
                f"{source}: expected a model of relative depth, found one of {kind} depth, which "
                f"gives metres instead of inverse depth. Take its relative one, such as {_EXAMPLE}."
            )
        try:
            with quiet_transformers():
                processor: Any = AutoImageProcessor.from_pretrained(
                    source, local_files_only=Path(source).is_dir(), trust_remote_code=False
                )
        except READ_ERRORS as error:
            raise CheckpointError(
                f"{source}: its image processor cannot be read: "
                f"{' '.join(str(error).split())[:300]} Expected preprocessor_config.json beside it."
            ) from error
        self._model, self._processor = model, processor
        backbone = getattr(model.config, "backbone_config", None) or model.config
        patch = int(getattr(model.config, "patch_size", None) or backbone.patch_size)
        told = {key: getattr(processor, key, None) for key in _TOLD}
        words = ", ".join(f"{key} {value}" for key, value in told.items() if value is not None)
        super().__init__(
            name=short_name(source),
            patch_size=patch,
            preparation=OwnPreparation(
                size=(patch, patch),
                scale=(patch, patch),
                resize="whole",
                interpolation="bicubic",
                mean=(0.0, 0.0, 0.0),
                std=(1.0, 1.0, 1.0),
                source=f"{type(processor).__name__} of transformers: {words}",
            ),
            device=device,
        )

    def _depth(self, picture: Image.Image) -> np.ndarray:
        inputs = self._processor(images=picture.convert("RGB"), return_tensors="pt")
        outputs = self._model(pixel_values=inputs["pixel_values"].to(self.device))
        size = [(picture.height, picture.width)]
        found = self._processor.post_process_depth_estimation(outputs, target_sizes=size)
        depth: Tensor = found[0]["predicted_depth"]
        return depth.float().cpu().numpy()

    def _pooled(self, batch: Tensor) -> NoReturn:
        raise AssertionError("no batch is prepared")

    def _tokens(self, batch: Tensor, final_norm: bool) -> NoReturn:
        raise AssertionError("no batch is prepared")
