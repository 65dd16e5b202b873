"""Which commit a checkout is at, and whether anything in it differs from that."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

_TIMEOUT_S = 20


def git_state(file: Path) -> dict[str, Any] | None:
    """The state of the repository that a source file belongs to.

    Args:
        file: Any file of it; that it lies inside, e.g. in a virtual environment, is not enough.

    Returns:
        ``commit``, ``changed`` (paths that differ from it or that it has not, ignored ones left
        out) and ``diff`` (SHA-256 of these differences; ``None`` without any). ``None`` outside a
        repository, without git, and where git takes too long.
    """
    try:
        _git(file.parent, "ls-files", "--error-unmatch", "--", file.name)
        top = Path(os.fsdecode(_git(file.parent, "rev-parse", "--show-toplevel").rstrip(b"\n")))
        commit = _git(top, "rev-parse", "HEAD").decode().strip()
        status = _git(top, "status", "--porcelain", "-z", "--no-renames")
        changed = [os.fsdecode(entry) for entry in status.split(b"\0") if entry]
        digest = hashlib.sha256(_git(top, "diff", "HEAD", "--binary", "--no-ext-diff"))
        for entry in changed:
            if entry.startswith("??") and (top / entry[3:]).is_file():
                digest.update(_described(top / entry[3:]))
    except (OSError, subprocess.SubprocessError):
        return None
    return {
        "commit": commit,
        "changed": [entry[3:] for entry in changed],
        "diff": digest.hexdigest() if changed else None,
    }


def _described(path: Path) -> bytes:
    """A file that git does not know: name, size and time, since it may be a large one."""
    found = path.stat()
    return os.fsencode(f"{path.name} {found.st_size} {found.st_mtime_ns}\n")


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        check=True,
        timeout=_TIMEOUT_S,
        # A look must not wait for, nor disturb, who works there.
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
    )
    return done.stdout
