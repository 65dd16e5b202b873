"""Train a small tokenizer from captions, in the form of SigLIP's, without any download.

``python -m argus.mtv.data.train_tokenizer DATA OUT --vocabulary 500``: ``DATA`` are shards, or own
pictures and captions. ``OUT`` is read as the folder of SigLIP's tokenizer is.
"""

import argparse
import io
import sys
from collections.abc import Iterable
from pathlib import Path

from argus.errors import ConfigError, DataError
from argus.files.durable import replacing
from argus.mtv.data.texts import texts_of
from argus.mtv.tokenizer import LENGTH, canonical

MAX_TEXTS = 1_000_000


def train_tokenizer(
    texts: Iterable[str], folder: str | Path, *, vocabulary: int, length: int
) -> int:
    """Train a tokenizer and write it.

    Tokens as SigLIP's has them: ``<pad>`` 0, ``</s>`` 1, which ends and pads a text, ``<unk>`` 2.

    Args:
        texts: Captions and names.
        folder: To write ``spiece.model`` and its configs into.
        vocabulary: Tokens at most; fewer where the texts do not have as many.
        length: Tokens of every text.

    Returns:
        Number of tokens, the ``vocab_size`` of the text encoder.

    Raises:
        DataError: The texts are too few.
    """
    import sentencepiece
    from transformers import SiglipTokenizer

    lines = sorted({line for line in map(canonical, texts) if line})
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            vocab_size=vocabulary,
            hard_vocab_limit=False,
            # Not unigram, as SigLIP's own: a word is never one of its pieces if no other word has
            # it in itself, so that a small set of words is spelled out in letters.
            model_type="bpe",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=1,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"no tokenizer of {vocabulary} tokens can be trained from {len(lines):,} different "
            f"texts ({' '.join(str(error).split())[:200]})."
        ) from error
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "spiece.model"
    with replacing(path) as partial:
        partial.write_bytes(model.getvalue())
    tokenizer = SiglipTokenizer(vocab_file=str(path), model_max_length=length)
    tokenizer.save_pretrained(str(folder))
    return len(tokenizer)


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m argus.mtv.data.train_tokenizer",
        description="Train a small tokenizer from captions, in the form of SigLIP's.",
    )
    parser.add_argument("data", help="shards of pictures, or own pictures and captions")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--regions", help="side-car shards, whose names are texts as well")
    parser.add_argument("--vocabulary", type=int, default=500, help="tokens at most")
    parser.add_argument("--length", type=int, default=LENGTH, help="tokens of every text")
    parser.add_argument(
        "--most", type=int, default=MAX_TEXTS, help="pictures whose texts are taken, at most"
    )
    args = parser.parse_args(arguments)
    try:
        texts = texts_of(args.data, regions=args.regions, most=args.most)
        number = train_tokenizer(texts, args.out, vocabulary=args.vocabulary, length=args.length)
    except (ConfigError, DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{number} tokens in {args.out}: text=dict(vocab_size={number})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
