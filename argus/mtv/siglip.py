"""SigLIP's pair of encoders, built from numbers or read from a folder; ``transformers`` has it.

Source: "Sigmoid Loss for Language Image Pre-Training" (Zhai et al., ICCV 2023), whose values the
logit scale and bias start with.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import SiglipConfig, SiglipModel

from argus.errors import ConfigError
from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.transformers_models import read_pretrained
from argus.registry import MODELS

# 32,000 tokens and 64 places are the library's own.
SIZES: dict[str, dict[str, dict[str, int]]] = {
    "base_224": dict(vision=dict(image_size=224), text={}),
    "large_256": {
        "vision": dict(
            image_size=256,
            hidden_size=1024,
            num_hidden_layers=24,
            num_attention_heads=16,
            intermediate_size=4096,
        ),
        "text": dict(
            hidden_size=1024,
            num_hidden_layers=24,
            num_attention_heads=16,
            intermediate_size=4096,
            projection_size=1024,
        ),
    },
}
# Of SigLIP's tokenizer, which ends and pads texts with one token and begins them with none; the
# library's own values are those of another.
_TOKENS = dict(bos_token_id=None, eos_token_id=1, pad_token_id=1)
LOGIT_SCALE = math.log(10.0)
LOGIT_BIAS = -10.0


@MODELS.register_module()
def siglip(
    *,
    size: str | None = None,
    vision: Mapping[str, Any] | None = None,
    text: Mapping[str, Any] | None = None,
    pretrained: str | None = None,
    logit_bias: float | None = None,
) -> SiglipModel:
    """A ``SiglipModel``.

    Args:
        size: ``base_224`` (B/16) or ``large_256`` (L/16), with random weights.
        vision: Values of ``SiglipVisionConfig`` that differ from those of the size.
        text: The same of ``SiglipTextConfig``.
        pretrained: Folder that ``save_pretrained`` wrote, or a name on the Hub, of SigLIP, of
            SigLIP 2 at a fixed resolution, or of MTV; instead of the rest.
        logit_bias: Of fresh encoders; SigLIP's -10 by default, which is for batches of tens of
            thousands. About ``-log(pairs in a batch)`` suits small ones.

    Raises:
        ConfigError: On an unknown size, or weights together with other values.
        CheckpointError: If the folder holds no such model.
    """
    if pretrained is not None:
        if size or vision or text or logit_bias is not None:
            raise ConfigError(
                "backbone: pretrained says what the encoders are; remove size, vision, text and "
                "logit_bias."
            )
        return read_siglip(pretrained)
    if size is not None and size not in SIZES:
        raise ConfigError(f"backbone.size: expected one of {', '.join(SIZES)}, found {size!r}.")
    known = SIZES[size] if size else dict(vision={}, text={})
    with quiet_transformers():
        config = SiglipConfig(
            vision_config=known["vision"] | dict(vision or {}),
            text_config=_TOKENS | known["text"] | dict(text or {}),
        )
        model = SiglipModel(config)
    # transformers starts both at 0, from which every pair is a coin toss.
    model.logit_scale.data.fill_(LOGIT_SCALE)
    model.logit_bias.data.fill_(LOGIT_BIAS if logit_bias is None else logit_bias)
    return model


def read_siglip(source: str | Path) -> SiglipModel:
    """The pair of encoders of a folder or of a name on the Hub; of weights, safetensors alone.

    Raises:
        CheckpointError: If there is none, or tensors are missing, left over or of another shape.
    """
    siglip: SiglipModel = read_pretrained(
        SiglipModel, source, what="SigLIP", example="google/siglip-base-patch16-224"
    )
    return siglip
