"""How well pictures and captions find each other.

Source: the protocol of CLIP and ALIGN on COCO's 5,000 test pictures: a picture has found its way if
any of its captions is among the first k, a caption if its picture is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from argus.errors import ConfigError
from argus.registry import METRICS

_ROWS = 1024  # whose similarities are in memory at a time


@METRICS.register_module()
class RetrievalRecall(BaseMetric):
    """Recall at k, both ways, over all pictures of an evaluation: fractions in [0, 1].

    ``image_to_text_r1`` and ``text_to_image_r1``, likewise for other k. What is as similar as the
    right answer is taken to come before it: a model that tells nothing apart finds nothing.
    Embeddings are kept, D float32 numbers per picture and caption.

    Args:
        top: The numbers k.
    """

    default_prefix = ""  # the evaluator puts the task's name before it

    def __init__(self, *, top: Sequence[int] = (1, 5, 10)) -> None:
        super().__init__()
        if not top or any(not isinstance(k, int) or k < 1 for k in top):
            raise ConfigError(f"RetrievalRecall.top: expected numbers >= 1, found {list(top)}.")
        self.top = tuple(top)

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep the embeddings ``image`` (D,) and ``texts`` (k, D) of a batch, of length 1."""
        for sample in data_samples:
            image, texts = (sample[key].float().cpu().numpy() for key in ("image", "texts"))
            self.results.append((image, texts))

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """The recalls over all processes."""
        images = np.stack([image for image, _ in results])
        texts = np.concatenate([own for _, own in results])
        owners = np.repeat(np.arange(len(results)), [len(own) for _, own in results])
        return recalls(images, texts, owners, top=self.top)


def recalls(
    images: np.ndarray, texts: np.ndarray, owners: np.ndarray, *, top: Sequence[int]
) -> dict[str, float]:
    """``image_to_text_r1`` and ``text_to_image_r1``, likewise for other k; fractions in [0, 1].

    Args:
        images: (B, D) of length 1.
        texts: (n, D) of length 1.
        owners: (n,) number of each text's picture.
        top: The numbers k.
    """
    of_texts = text_ranks(images, texts, owners)
    of_images = image_ranks(images, texts, owners)
    found = {}
    for k in top:
        found[f"image_to_text_r{k}"] = float((of_images < k).mean())
        found[f"text_to_image_r{k}"] = float((of_texts < k).mean())
    return found


def text_ranks(images: np.ndarray, texts: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Place from 0 of each text's own picture among all pictures.

    Args:
        images: (B, D).
        texts: (n, D).
        owners: (n,) number of each text's picture.
    """
    ranks = np.empty(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _ROWS):
        rows = slice(start, start + _ROWS)
        similarity = texts[rows] @ images.T
        own = similarity[np.arange(len(similarity)), owners[rows]]
        ranks[rows] = (similarity >= own[:, None]).sum(1) - 1
    return ranks


def image_ranks(images: np.ndarray, texts: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Place from 0 of the best of each picture's own texts among the texts of the others.

    Args:
        images: (B, D).
        texts: (n, D).
        owners: (n,) number of each text's picture.
    """
    ranks = np.empty(len(images), dtype=np.int64)
    for start in range(0, len(images), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(images)))
        similarity = images[rows] @ texts.T
        is_own = owners[None] == rows[:, None]
        best = np.where(is_own, similarity, -np.inf).max(1)
        ranks[rows] = ((similarity >= best[:, None]) & ~is_own).sum(1)
    return ranks
