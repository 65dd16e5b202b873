"""What a guard needs of a runner: a logger, whose warnings are kept."""


class WarnedRunner:
    """The warnings of a training.

    Attributes:
        warnings: Texts, in order.
    """

    def __init__(self) -> None:
        self.logger = self
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)
