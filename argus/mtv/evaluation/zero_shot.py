"""Classes by their names: the class whose sentences are nearest to a picture.

Source: "Learning Transferable Visual Models From Natural Language Supervision" (Radford et al.,
ICML 2021): the mean of the normalised embeddings of 80 sentences, normalised again; top-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from argus.errors import DataError
from argus.files.pictures import PICTURE_SUFFIXES
from argus.mtv.class_texts import class_embeddings, class_texts
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.features import batches_of
from argus.mtv.evaluation.class_names import name_classes, read_templates
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.protocols import Evaluation, Metric
from argus.names.wording import listed

_TOP = 5


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of the evaluation.

    Args:
        split: Folder of the class folders; the root itself where it has none of this name.
        names: Text file with the names of the classes; see ``class_names``.
        templates: ``openai`` (80 sentences), ``openai_7``, or a text file of sentences.
        batch_size: Pictures at a time.
        text_batch_size: Sentences at a time.
    """

    split: str = "val"
    names: str | None = None
    templates: str = "openai"
    batch_size: int = 64
    text_batch_size: int = 256


def run(encoder: Encoder, root: Path, options: Options) -> dict[str, float]:
    """Top-1 and top-5 over all pictures of class folders, percent, and how many there are.

    Raises:
        ConfigError: If the encoder reads no texts, or a template has no place for a name.
        DataError: If there are no class folders, or a class has no name.
    """
    folders = class_folders(root, options.split)
    names, labels = name_classes([folder.name for folder in folders], options.names)
    templates = read_templates(options.templates)
    classes = embedded_classes(encoder, names, templates, batch_size=options.text_batch_size)
    paths, own = [], []
    for folder, label in zip(folders, labels, strict=True):
        found = pictures_of(folder)
        paths += found
        own += [label] * len(found)
    ranks: list[Tensor] = []
    done = 0
    for rows, batch in batches_of(
        encoder, paths, batch_size=options.batch_size, title="zero-shot classification"
    ):
        similarity = F.normalize(encoder.pooled(batch), dim=-1) @ classes.T
        ranks.append(true_ranks(similarity.cpu(), torch.tensor(own[done : done + len(rows)])))
        done += len(rows)
    sizes = dict(pictures=float(len(paths)), classes=float(len(names)))
    return accuracies(torch.cat(ranks), len(names)) | sizes


def class_folders(root: Path, split: str) -> list[Path]:
    """The folders of the classes, sorted by their names.

    Raises:
        DataError: If there are none with pictures.
    """
    where = root / split if (root / split).is_dir() else root
    found = sorted(path for path in where.glob("*") if path.is_dir() and path.name[0] != ".")
    empty = [folder.name for folder in found if not pictures_of(folder)]
    if not found or empty:
        raise DataError(
            f"{where}: expected a folder of pictures for each class, found "
            + (f"no pictures in {listed(empty)}." if empty else "no folders.")
        )
    return found


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a class, sorted by their names."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(PICTURE_SUFFIXES) and path.name[0] != "."
    )


def embedded_classes(
    encoder: Encoder, names: Sequence[str], templates: Sequence[str], *, batch_size: int
) -> Tensor:
    """(n, D) of length 1 on the encoder's device; so many sentences at a time, at least a class.

    Raises:
        ConfigError: If the encoder reads no texts, or a template has no place for a name.
    """
    texts = class_texts(names, templates)
    step = max(1, batch_size // len(templates))
    parts = []
    for start in range(0, len(names), step):
        of = names[start : start + step]
        begin = start * len(templates)
        embeddings = encoder.texts(texts[begin : begin + len(of) * len(templates)])
        parts.append(class_embeddings(embeddings, len(of)))
    return torch.cat(parts)


def true_ranks(similarity: Tensor, labels: Tensor) -> Tensor:
    """(B,) place from 0 of the right class; what is as similar is taken to come before it.

    Args:
        similarity: (B, n).
        labels: (B,) int64.
    """
    own = similarity.gather(1, labels[:, None])
    return (similarity >= own).sum(1) - 1


def accuracies(ranks: Tensor, num_classes: int) -> dict[str, float]:
    """``top1``, and ``top5`` where there are more than five classes; percent."""
    top = [1] + [_TOP] * (num_classes > _TOP)
    return {f"top{k}": 100.0 * float((ranks < k).double().mean()) for k in top}


EVALUATION = Evaluation(
    name="zero_shot",
    title="Zero-shot classification",
    run=run,
    metrics={
        "top1": Metric(title="top-1"),
        "top5": Metric(title="top-5"),
        "pictures": Metric(title="pictures", unit="", decimals=0),
        "classes": Metric(title="classes", unit="", decimals=0),
    },
    options=Options,
    root="data/imagenet",
    layout="val/<class>/<picture>, or <class>/<picture>; ImageNet-1k as in data/README.md",
    paper=paper_rows(dict(pictures=50_000, classes=1_000), top1="in1k"),
    open_points=(
        "The paper says 69.4 of B/16 in its text and 69.5 in its table; the table is beside ours.",
        "The paper does not name its sentences or class names: these are CLIP's 80 sentences and "
        "its names of the classes, as in the usual tables. Others move the number by some points.",
    ),
)
