"""How large a difference may be, by kind of answer and data type.

float32 has room for another order of additions alone. With 16 bits a pixel between two classes or
at an edge of depth may change sides, so maxima are bounded loosely and means tightly. What 8 bits
lose is for the user to judge by the table: these limits keep out files that are wrong.
"""

from collections.abc import Mapping

from argus.errors import ConfigError

DTYPES = ("fp32", "fp16", "bf16", "int8")

# By kind and measure of ``differences``: fp32, fp16, bf16, int8.
TOLERANCES: dict[str, dict[str, tuple[float, float, float, float]]] = {
    "anomaly": {"score": (1e-3, 0.05, 0.2, 0.4), "max": (1e-3, 0.05, 0.2, 0.4)},
    "boundary": {"max": (1e-3, 0.1, 0.5, 1), "mean": (1e-4, 0.005, 0.03, 0.06)},
    "classification": {"max": (1e-4, 0.02, 0.1, 0.2)},
    "depth": {"max m": (1e-3, 0.5, 2.0, 4), "mean m": (1e-4, 0.02, 0.1, 0.2)},
    "instances": {
        "score": (1e-3, 0.05, 0.2, 0.4),
        "box px": (0.1, 4.0, 16.0, 32),
        "mask 1 - IoU": (0.02, 0.1, 0.3, 0.6),
        "missing": (0, 0, 0, 5),
    },
    "keypoints": {"max px": (0.05, 1.0, 4.0, 8), "score": (1e-3, 0.05, 0.2, 0.4)},
    "normals": {"99 % degrees": (0.1, 3.0, 15.0, 30), "mean degrees": (0.01, 0.5, 3.0, 6)},
    "panoptic": {"pixel share": (2e-3, 0.03, 0.1, 0.2)},
    "saliency": {"max": (1e-3, 0.1, 0.5, 1), "mean": (1e-4, 0.005, 0.03, 0.06)},
    "semantic": {"pixel share": (1e-3, 0.01, 0.05, 0.1)},
}


def tolerances_of(
    kinds: Mapping[str, str], dtype: str, changed: Mapping[str, Mapping[str, float]] | None
) -> dict[str, dict[str, float]]:
    """Tolerances by task and measure.

    Args:
        kinds: Kind by task.
        dtype: One of ``DTYPES``.
        changed: Other values, by task and measure.

    Raises:
        ConfigError: If ``changed`` names a task or measure that is not there.
    """
    column = DTYPES.index(dtype)
    found = {
        task: {name: float(values[column]) for name, values in TOLERANCES[kind].items()}
        for task, kind in kinds.items()
    }
    for task, values in (changed or {}).items():
        if task not in found:
            raise ConfigError(f"tolerances: no task {task!r} is exported, but {list(found)}.")
        unknown = sorted(set(values) - set(found[task]))
        if unknown:
            raise ConfigError(
                f"tolerances[{task!r}]: unknown measures {unknown}; there are {list(found[task])}."
            )
        found[task].update(values)
    return found
