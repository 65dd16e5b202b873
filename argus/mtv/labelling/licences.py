"""Licences of well-known teachers, since labels inherit what they allow.

As the model cards state them; a card may change, and the one beside the weights counts more.
"""

import re
from pathlib import Path

UNKNOWN = "unknown: look at the model card"
_MAX_BYTES = 2**20
_APACHE, _MIT, _NON_COMMERCIAL = "Apache-2.0", "MIT", "CC-BY-NC-4.0 (no commercial use)"
LICENCES = {
    "depth-anything/Depth-Anything-V2-Small-hf": _APACHE,
    "depth-anything/Depth-Anything-V2-Base-hf": _NON_COMMERCIAL,
    "depth-anything/Depth-Anything-V2-Large-hf": _NON_COMMERCIAL,
    "google/owlv2-base-patch16": _APACHE,
    "google/owlv2-base-patch16-ensemble": _APACHE,
    "google/owlv2-base-patch16-finetuned": _APACHE,
    "google/owlv2-large-patch14": _APACHE,
    "google/owlv2-large-patch14-ensemble": _APACHE,
    "google/owlv2-large-patch14-finetuned": _APACHE,
    "google/siglip-base-patch16-224": _APACHE,
    "google/siglip-large-patch16-256": _APACHE,
    "google/siglip-so400m-patch14-384": _APACHE,
    "google/siglip2-base-patch16-224": _APACHE,
    "google/siglip2-large-patch16-256": _APACHE,
    "microsoft/Florence-2-base": _MIT,
    "microsoft/Florence-2-large": _MIT,
    "florence-community/Florence-2-base": _MIT,
    "florence-community/Florence-2-large": _MIT,
    "xinyu1205/recognize-anything-plus-model": _APACHE,
}
_STATED = re.compile(r"^license(?:_name)?:[ \t]*(\S.*)$", re.MULTILINE)


def licence_of(source: str | Path) -> str:
    """The licence of a model: what the card in its folder states, or that of a known name.

    Args:
        source: Folder, or name on the Hub.
    """
    card = Path(source) / "README.md"
    if card.is_file() and card.stat().st_size <= _MAX_BYTES:
        _, _, rest = card.read_text(encoding="utf-8", errors="replace").partition("---\n")
        head = rest.partition("\n---")[0]
        names = [name.strip().strip("\"'") for name in _STATED.findall(head)]
        if names:
            return f"{', '.join(names)} (its README.md)"
    return LICENCES.get(str(source), UNKNOWN)
