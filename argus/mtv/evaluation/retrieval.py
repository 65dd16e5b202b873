"""Pictures by captions and captions by pictures, on Karpathy's 5,000 pictures of COCO.

A picture has found its way if any of its five captions is among the first k of all, a caption if
its picture is: recall at k.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.nn import functional as F

from argus.datasets.karpathy import COCO_FILE, part_of, read_karpathy
from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.features import pooled_of, texts_of
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.protocols import Evaluation, Metric
from argus.mtv.metrics import recalls
from argus.names.wording import counted, listed

_TOP = (1, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of the evaluation.

    Args:
        file: In the root, in the format of Karpathy's ``dataset_coco.json``.
        split: Part of it.
        images: Folder in the root that the paths of the pictures are below of.
        captions: The first so many of each picture.
        batch_size: Pictures, or captions, at a time.
    """

    file: str = COCO_FILE
    split: str = "test"
    images: str = "."
    captions: int = 5
    batch_size: int = 64


def run(encoder: Encoder, root: Path, options: Options) -> dict[str, float]:
    """Recall at 1, 5 and 10, both ways, percent, and of how many pictures and captions.

    Raises:
        ConfigError: If the encoder reads no texts.
        DataError: If the file is another one, or pictures are missing.
    """
    if options.captions < 1:
        raise ConfigError(f"retrieval.captions: expected 1 or more, found {options.captions}.")
    file = root / options.file
    found = part_of(read_karpathy(file), options.split, said_by=file)
    paths = [root / options.images / item.path for item in found]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise DataError(
            f"{root}: {counted(len(missing), 'picture')} of {options.file} missing: "
            f"{listed(missing)}."
        )
    own = [item.captions[: options.captions] for item in found]
    captions = [caption for texts in own for caption in texts]
    # First the texts, which an encoder without them refuses at once.
    embedded = texts_of(encoder, captions, batch_size=options.batch_size)
    images = pooled_of(encoder, paths, batch_size=options.batch_size, title="retrieval")
    owners = np.repeat(np.arange(len(found)), [len(texts) for texts in own])
    image_units, text_units = (F.normalize(of, dim=-1).numpy() for of in (images, embedded))
    shares = recalls(image_units, text_units, owners, top=_TOP)
    sizes = dict(pictures=float(len(paths)), captions=float(len(captions)))
    return {key: 100.0 * share for key, share in shares.items()} | sizes


EVALUATION = Evaluation(
    name="retrieval",
    title="COCO retrieval",
    run=run,
    metrics={
        f"{way}_r{k}": Metric(title=f"{title}, R@{k}")
        for k in _TOP
        for way, title in (("text_to_image", "text to image"), ("image_to_text", "image to text"))
    }
    | {name: Metric(title=name, unit="", decimals=0) for name in ("pictures", "captions")},
    options=Options,
    root="data/coco_karpathy",
    layout=f"{COCO_FILE}, val2014/COCO_val2014_<number>.jpg",
    paper=paper_rows(
        dict(pictures=5_000, captions=25_000),
        text_to_image_r1="coco_t2i",
        image_to_text_r1="coco_i2t",
    ),
    open_points=(
        "The paper names Karpathy's 5,000 test pictures and R@1. Of pictures with more than five "
        "captions the first five count, 25,000 in all.",
        "What is exactly as similar as the right answer counts as before it.",
    ),
)
