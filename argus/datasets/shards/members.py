"""Names of what is in a shard: the key of a sample, and what each of its members is.

As in ``webdataset``: the key ends at the first dot of the last step of the path, and consecutive
members with one key are one sample: ``a/000.jpg``, ``a/000.regions.json``. A name is a name alone:
it never becomes a path of the disk.
"""

MAX_NAME = 1_000


def split_name(name: str) -> tuple[str, str] | None:
    """The key and, in small letters, what follows the dot; ``None`` for the name of no sample."""
    folder, slash, file = name.rpartition("/")
    stem, dot, kind = file.partition(".")
    if not stem or not kind or len(name) > MAX_NAME or "\0" in name:
        return None
    return folder + slash + stem, kind.lower()
