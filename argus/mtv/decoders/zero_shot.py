"""Classes by their names: how good the encoders are at what nobody trained them for."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from argus.errors import ConfigError
from argus.mtv.batch import ClassLabel, every
from argus.mtv.class_texts import TEMPLATES, class_embeddings, class_texts
from argus.mtv.decoders.decoder import Decoder, Parts
from argus.mtv.passes import Passes
from argus.mtv.tokenizer import Tokenizer
from argus.registry import MODELS

_CHUNK = 256  # texts at a time


@MODELS.register_module()
class ZeroShot(Decoder):
    """A task that is evaluated and not trained; its metric is ``mmpretrain.Accuracy``.

    Args:
        names: Of the classes, in the order of the labels.
        tokenizer: Folder or name on the Hub of the tokenizer of the training's captions.
        templates: Sentences with ``{}`` for the name.
    """

    reads_pooled = True

    def __init__(
        self, *, names: Sequence[str], tokenizer: str, templates: Sequence[str] = TEMPLATES
    ) -> None:
        super().__init__()
        self._texts = class_texts(names, templates)
        self.names, self.templates = tuple(names), tuple(templates)
        self._source = tokenizer
        self._ids: Tensor | None = None
        self._classes: Tensor | None = None

    def bind(self, backbone: Any) -> None:
        """Read the tokenizer."""
        length = backbone.config.text_config.max_position_embeddings
        tokenizer = Tokenizer(self._source, length=length)
        self._ids = tokenizer(self._texts)
        highest, size = int(self._ids.max()), backbone.config.text_config.vocab_size
        if highest >= size:
            raise ConfigError(
                f"tokenizer {self._source} has tokens up to {highest}, the text encoder knows "
                f"{size}: it is another model's."
            )

    def train(self, mode: bool = True) -> "ZeroShot":
        """Forget the embeddings of the names: an evaluation begins, or a training goes on."""
        self._classes = None
        return super().train(mode)

    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """None: it is measured alone.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"tasks[{task!r}]: ZeroShot is measured and has nothing to train, found data to train "
            "on. Leave out its train=dict(...), and give it val=dict(...)."
        )

    def predict(self, passes: Passes, samples: Sequence[Any], *, task: str) -> list[Any]:
        """``pred_score`` (n,) probabilities of the names, and ``gt_label`` (1,), per picture."""
        if self._classes is None:
            self._classes = self._encoded(passes.backbone)
        images = F.normalize(passes.pooled.float(), dim=-1)
        scores = (passes.backbone.logit_scale.exp() * images @ self._classes.T).softmax(-1)
        labels = [sample.label for sample in every(samples, ClassLabel, task=task)]
        return [
            dict(pred_score=score, gt_label=torch.tensor([label], device=score.device))
            for score, label in zip(scores, labels, strict=True)
        ]

    def _encoded(self, backbone: Any) -> Tensor:
        """(n, D) of length 1."""
        assert self._ids is not None
        parts = [
            backbone.text_model(input_ids=ids.to(backbone.logit_scale.device)).pooler_output
            for ids in self._ids.split(_CHUNK)
        ]
        return class_embeddings(torch.cat(parts), len(self.names))
