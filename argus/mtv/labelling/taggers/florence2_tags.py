"""Tags by Florence-2: the names of the objects that it finds; where they are, OWLv2 says anew."""

from collections.abc import Sequence
from typing import Any

from argus.mtv.labelling.florence2 import Florence2
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.registry import TAGGERS
from argus.mtv.labelling.taggers.tagger import Tagger


@TAGGERS.register_module()
class Florence2Tags(Tagger):
    """Names of objects.

    Args:
        model: Folder, or name on the Hub, in the form of ``transformers``.
        revision: Commit on the Hub.
        max_tokens: Of an answer. Not stated in paper.
        num_beams: Of the search. Not stated in paper.
        precision: ``fp32``, ``bf16`` or ``fp16``. Not stated in paper.

    Raises:
        ConfigError: A value is out of range.
        CheckpointError: The model cannot be read.
    """

    name = "florence2"

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        max_tokens: int = 1024,
        num_beams: int = 1,
        precision: str = "fp32",
    ) -> None:
        self._florence = Florence2(
            model=model,
            revision=revision,
            role="tags",
            max_tokens=max_tokens,
            num_beams=num_beams,
            precision=precision,
        )
        self.teachers = (self._florence.teacher,)
        self.settings = self._florence.settings

    def prepare(self, picture: Picture) -> Any:
        """The picture for the model."""
        return self._florence.prepare(picture)

    def tags(self, batch: Sequence[Any]) -> list[list[str]]:
        """The names, each once."""
        return [list(dict.fromkeys(found.names)) for found in self._florence.find(batch)]
