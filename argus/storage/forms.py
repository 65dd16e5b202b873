"""What the files of models and checkpoints hold: the form of every field that a reader uses.

Checked once, where a file is read. What a config builds is checked by :mod:`argus.model_config`.
"""

from typing import Any

from argus.files.schema import (
    FINITE,
    NULL,
    NUMBER,
    WHOLE,
    Schema,
    either,
    is_a,
    listing,
    table,
    text,
)

_TEXT = text()
_TEXT_OR_NULL = either(NULL, _TEXT)
_TASK_NAME = text(r"[A-Za-z_]\w{0,99}", "the name of a task, a word of ASCII")
# They become file names in the folder that a model is split into.
_FILE_NAME = text(
    r"[^/\\:.\x00-\x1f\x7f-\x9f][^/\\:\x00-\x1f\x7f-\x9f]{0,199}", "a file name without folders"
)
_HASH = text(r"[0-9a-f]{64}|", "a SHA-256, 64 hexadecimal digits, or nothing")
_PREFIX = text(r"(backbone\.(\w+\.)+)?", "a prefix of tensor names such as 'backbone.vit.'")
_VIT_HASH = text(r"[0-9a-f]{64}", "a SHA-256, 64 hexadecimal digits")
_COLOUR = listing(WHOLE, length=3)

_TASK = table(
    required=dict(decoder=_TEXT_OR_NULL, dataset=_TEXT_OR_NULL, metrics=table(others=NUMBER)),
    optional=dict(
        kind=_TEXT,
        classes=listing(_TEXT),
        palette=either(NULL, listing(_COLOUR)),
        skeleton=listing(listing(WHOLE, length=2)),
        categories=listing(_TEXT),
        input=table(
            optional=dict(
                rule=_TEXT,
                sizes=listing(_TEXT),
                order=_TEXT,
                mean=listing(FINITE),
                std=listing(FINITE),
            )
        ),
        primary=_TEXT,
        lower_is_better=listing(_TEXT),
        units=table(others=_TEXT),
        paper=table(others=NUMBER),
        licence=_TEXT,
    ),
)
_BASE = table(optional=dict(name=_TEXT, sha256=_HASH, num_tensors=WHOLE))
_STAGE = is_a("1 or 2", lambda value: value in (1, 2) and isinstance(value, int))

MANIFEST: Schema = table(
    required=dict(
        argus_version=_TEXT,
        backbone=table(
            required=dict(name=_TEXT, sha256=_HASH),
            optional=dict(num_tensors=WHOLE, frozen=_PREFIX),
        ),
        tasks=table(others=_TASK, least=1),
    ),
    optional=dict(
        sources=listing(
            table(
                required=dict(
                    file=_FILE_NAME,
                    sha256=_HASH,
                    stage=_STAGE,
                    base=_BASE,
                    tasks=table(others=_TASK_NAME),
                )
            )
        ),
        release=table(
            required=dict(stored=text(r"float16", "float16")),
            optional=dict(
                vit=table(
                    required=dict(sha256=_VIT_HASH, num_values=WHOLE),
                    optional=dict(name=_TEXT, source=_TEXT),
                ),
                differences=table(others=table(others=FINITE)),
            ),
        ),
    ),
)
"""Of ``manifest.json``, beside its format."""

CONFIG: Schema = table(
    required=dict(
        backbone=table(), tasks=table(others=table(optional=dict(classes=listing(_TEXT))))
    ),
    optional=dict(precision=_TEXT),
)
"""Of ``config.json``."""

MERGED: Schema = table(
    required=dict(
        config=table(
            required=dict(backbone=table(required=dict(backbone=table())), precision=_TEXT)
        ),
        manifest=table(
            required=dict(
                backbone=table(required=dict(frozen=_PREFIX)),
                sources=listing(table()),
            )
        ),
    )
)
"""What a model must say in addition to be taken apart: config and manifest, as a dict of both."""


def _is_tensor(value: Any) -> bool:
    import torch  # a manifest is read without it

    return isinstance(value, torch.Tensor)


_TENSORS = table(others=is_a("a tensor", _is_tensor))
_DATA = table(
    optional=dict(
        dataset=either(
            NULL,
            table(
                optional=dict(
                    type=_TEXT_OR_NULL,
                    metainfo=either(NULL, table(optional=dict(classes=listing(_TEXT)))),
                )
            ),
        )
    )
)
_STORED_TASK = table(
    required=dict(decoder=table(required=dict(type=_TEXT))),
    optional=dict(
        val=either(NULL, _DATA),
        test=either(NULL, _DATA),
        classes=listing(_TEXT),
        primary=_TEXT_OR_NULL,
        units=either(NULL, table(others=_TEXT)),
        paper=either(NULL, table(others=NUMBER)),
        licence=_TEXT_OR_NULL,
    ),
)
_STORED_MODEL = table(
    optional=dict(
        backbone=table(), tasks=either(NULL, table(others=_STORED_TASK)), precision=_TEXT_OR_NULL
    )
)
CHECKPOINT: Schema = table(
    optional=dict(
        meta=table(
            optional=dict(
                argus_version=_TEXT,
                iter=either(NULL, WHOLE),
                time=_TEXT_OR_NULL,
                experiment=_TEXT_OR_NULL,
                tasks=listing(_TEXT),
                model=either(NULL, _STORED_MODEL),
            )
        ),
        base=table(required=dict(name=_TEXT, sha256=_HASH)),
        state_dict=_TENSORS,
        ema=_TENSORS,
    ),
)
"""Of a checkpoint, beside its format and the state of its training; a reader says what it needs."""
