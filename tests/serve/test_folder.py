"""What a killed server leaves behind, and what is left alone."""

import fcntl
from pathlib import Path

from argus.serve.folder import _LOCK, remove_leftovers


def test_remove_leftovers__of_dead_servers_alone(tmp_path: Path) -> None:
    """A lock tells, not a number of a process: another container has the same numbers."""
    dead, alive = tmp_path / "argus-page-dead", tmp_path / "argus-page-alive"
    for folder in (dead, alive):
        (folder / "uploads").mkdir(parents=True)
        (folder / "uploads" / "photo.jpg").write_bytes(b"a photo")
        (folder / _LOCK).touch()
    for name in ("argus-page-notes", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "argus-page-link").symlink_to(dead)

    with (alive / _LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_leftovers(tmp_path) == [dead]
    assert len(list(tmp_path.iterdir())) == 4
