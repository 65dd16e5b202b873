"""The largest number that fits, by doubling and bisecting."""

from collections.abc import Callable


def largest(fits: Callable[[int], bool], *, start: int, most: int) -> tuple[int, int | None]:
    """Search, where what is larger than something that does not fit does not fit either.

    Args:
        fits: Tries a number.
        start: The first one, at least 1.
        most: None above it is tried; at least ``start``.

    Returns:
        The largest that fits, 0 for none; and the least that was tried and does not, if any.
    """
    assert 1 <= start <= most, (start, most)
    good, bad = 0, None
    number = start
    while bad is None:
        if not fits(number):
            bad = number
        elif number == most:
            return number, None
        else:
            good, number = number, min(2 * number, most)
    while bad - good > 1:
        middle = (good + bad) // 2
        if fits(middle):
            good = middle
        else:
            bad = middle
    return good, bad
