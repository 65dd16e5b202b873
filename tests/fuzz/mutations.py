"""Ways to damage bytes and values, each told in words."""

import copy
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
# Names that a file system, an archive or a message may stumble over.
NAMES = (
    *("../../evil", "/tmp/evil", "..", ".", "", "a/../../evil", "C:evil", "..\\evil", "~/evil"),
    *("n" * 300, "a\nb", "a b\t", "%s{0}", "-rf", "\u00e9\u4e2d", "a\0b", "\ud800", "*[!]?"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**40, 1e300, -0.0),
    *(float("nan"), float("inf"), float("-inf")),
    *("", "x", "1", "nan", [], {}, [[]], [None], [[[1]]], {"a": 1}, {"type": "x"}),
    *NAMES[:6],
)


def damage(random: Random, content: bytes, *, header: int = 64) -> tuple[str, bytes]:
    """Bytes with one kind of damage.

    Args:
        random: Chooses.
        content: Good bytes.
        header: So many bytes at the start hold sizes and types.

    Returns:
        What was done, and the damaged bytes.
    """
    data = bytearray(content)
    length = len(data)
    start = random.randrange(length)
    match random.randrange(9):
        case 0:
            flips = random.randint(1, 3)
            for _ in range(flips):
                data[random.randrange(length)] ^= 1 << random.randrange(8)
            return f"{flips} bits flipped", bytes(data)
        case 1:
            return f"cut after {start} bytes", bytes(data[:start])
        case 2:
            size = random.randint(1, 64)
            data[start : start + size] = bytes(len(data[start : start + size]))
            return f"zeros from {start}", bytes(data)
        case 3:
            piece = data[start : start + random.randint(1, 256)]
            data[start:start] = piece
            return f"{len(piece)} bytes at {start} doubled", bytes(data)
        case 4:
            del data[start : start + random.randint(1, 64)]
            return f"bytes at {start} left out", bytes(data)
        case 5:
            place = random.randrange(min(header, length))
            width, order = random.choice((1, 2, 4)), random.choice(("little", "big"))
            number = random.choice(NUMBERS) & (256**width - 1)
            data[place : place + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
            return f"header, byte {place}: {number}", bytes(data)
        case 6:
            noise = random.randbytes(random.randint(1, 64))
            data[start : start + len(noise)] = noise
            return f"noise from {start}", bytes(data)
        case 7:
            return "only zeros", bytes(length)
        case _:
            return "noise alone", random.randbytes(random.randrange(256))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value made of dicts and lists has parts, as keys and indices from the top."""
    items: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def alter(
    random: Random, value: Any, *, values: Sequence[Any] = VALUES, changes: int = 0
) -> tuple[str, Any]:
    """A value of dicts, lists and plain values with one to three parts changed.

    Args:
        random: Chooses.
        value: It is not changed itself.
        values: What is put in.
        changes: How many; chosen if 0.

    Returns:
        What was done, and the changed copy.
    """
    value = copy.deepcopy(value)
    told = []
    for _ in range(changes or random.choice((1, 1, 1, 2, 3))):
        found = list(places(value))
        if not found:
            break
        path = random.choice(found)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        told.append(f"{'.'.join(map(str, path))}: {_change(random, parent, path[-1], values)}")
    return "; ".join(told), value


def _change(random: Random, parent: Any, key: Any, values: Sequence[Any]) -> str:
    match random.randrange(6):
        case 0:
            del parent[key]
            return "left out"
        case 1 if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
            return "doubled"
        case 1:
            parent[random.choice(("x", "type", "_delete_", "id"))] = parent.pop(key)
            return "under another key"
        case 2:
            parent[key] = [parent[key]]
            return "in a list"
        case 3 if isinstance(parent[key], (int, float)):
            parent[key] = str(parent[key])
            return "as text"
        case _:
            new = random.choice(values)
            parent[key] = copy.deepcopy(new)
            return repr(new)[:40]
