"""Classes as texts: a name in several sentences, of whose embeddings the mean is taken.

Source: "Learning Transferable Visual Models From Natural Language Supervision" (Radford et al.,
ICML 2021, section 3.1.4).
"""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from argus.errors import ConfigError

TEMPLATES = ("a photo of a {}.",)


def class_texts(names: Sequence[str], templates: Sequence[str]) -> list[str]:
    """Every name in every template, name by name.

    Args:
        names: Of classes, two or more.
        templates: Sentences with ``{}`` for the name.

    Raises:
        ConfigError: If there are fewer names, no template, or one has no place for the name.
    """
    if len(names) < 2:
        raise ConfigError(f"names: expected two or more to choose from, found {list(names)}.")
    if not templates:
        raise ConfigError("templates: expected sentences with {} for the name, found none.")
    for template in templates:
        if "{}" not in template:
            raise ConfigError(f"templates: {template!r} has no {{}} for the name.")
    return [template.replace("{}", name) for name in names for template in templates]


def class_embeddings(texts: Tensor, num_names: int) -> Tensor:
    """(n, D) of length 1: the mean direction of the sentences of each name.

    Args:
        texts: (n * t, D) embeddings of :func:`class_texts`, of any length.
        num_names: n.
    """
    units = F.normalize(texts.float(), dim=-1)
    return F.normalize(units.unflatten(0, (num_names, -1)).mean(1), dim=-1)
