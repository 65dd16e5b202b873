"""How far a download is, on the standard error stream."""

import sys
import time

from argus.files.downloads import Progress

_STEP = 0.1  # a line of progress, where lines stay


def progress_line(label: str) -> Progress:
    """A line that is written over on a terminal, and some lines elsewhere."""
    start, terminal = time.monotonic(), sys.stderr.isatty()
    last, first = 0.0, -1

    def show(done: int, total: int | None) -> None:
        nonlocal last, first
        first = done if first < 0 else first
        now, share = time.monotonic(), done / total if total else 0.0
        is_due = now - last > 0.2 if terminal else share - last >= _STEP
        if not is_due and done != total:
            return
        last = now if terminal else share
        rate = (done - first) / max(now - start, 1e-3) / 1e6
        of = f" of {total / 1e6:,.0f} MB, {share:.0%}" if total else " MB"
        line = f"{label}: {done / 1e6:,.0f}{of}, {rate:.1f} MB/s"
        end = "\n" if done == total or not terminal else ""
        print(f"\r\x1b[K{line}" if terminal else line, end=end, file=sys.stderr, flush=True)

    return show
