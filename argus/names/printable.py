"""Texts from outside, made safe for a terminal.

A name in a manifest may hold the codes by which a terminal moves its cursor, hides text or takes
commands, and marks that turn the direction of what follows.
"""


def printable(text: str, *, lines: bool = False) -> str:
    """A text whose invisible characters are written as Python writes them in a literal.

    Args:
        text: Anything.
        lines: Whether it may have several lines.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or (lines and char == "\n") else ascii(char)[1:-1]
        for char in text
    )
