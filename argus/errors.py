"""The errors a user of Argus can meet. Each says what was expected, found, where, and what to do.

All are ``ValueError``: a caller who does not care for the kind can catch that.
"""


class ConfigError(ValueError):
    """A mistake in a config: an unknown key, a missing part, two values that disagree."""


class DataError(ValueError):
    """A mistake in the data: a missing file, an image that cannot be decoded, a bad label."""


class CheckpointError(ValueError):
    """A weight file that is missing, of another layout, or made for another backbone."""


class TrainingStopped(Exception):
    """Somebody asked a training to stop, and it did, with a checkpoint to go on from."""


class ExportError(ValueError):
    """A model that cannot be exported, or whose exported file gives other answers."""
