"""Try cases, print a table of how they ended, and exit with 1 if there is a defect.

python -m tests.fuzz                           all surfaces, 2,000 cases
python -m tests.fuzz --cases 300 --seed 5
python -m tests.fuzz --only pictures           one surface; can be repeated
python -m tests.fuzz --only pictures:0-50      its cases from 0 up to 50
python -m tests.fuzz --only pictures:123       one case again, with its sentence
"""

import argparse
import contextlib
import io
import logging
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

KEPT = Path("work_dirs/fuzz")
ALL_CASES = 2000


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=ALL_CASES, help="of all surfaces together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", default=[], metavar="SURFACE[:NUMBERS]")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run it; the exit status."""
    arguments = parse_arguments(argv)
    warnings.simplefilter("ignore")
    logging.disable()
    # Cases are forked from this process: it must have no threads.
    os.environ |= dict(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", HF_HUB_OFFLINE="1")
    from argus.libraries.importing import import_libraries

    import_libraries()
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    from tests.fuzz.judge import DEFECT, RIGHT, SENTENCE, judge
    from tests.fuzz.surfaces import SURFACES

    chosen = dict(text.partition(":")[::2] for text in arguments.only or SURFACES)
    print(
        "| surface | cases | right results | sentences | defects | s |\n|---|---|---|---|---|---|"
    )
    totals: Counter[str] = Counter()
    for name, which in chosen.items():
        surface = SURFACES[name]
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            with contextlib.redirect_stdout(io.StringIO()):
                surface.prepare(Path(folder))
            count = max(1, round(arguments.cases * surface.share / ALL_CASES))
            first, dash, end = which.partition("-")
            numbers = range(int(first or 0), int(end or first or -1) + (not dash))
            if not which:
                numbers = range(count)
            verdicts = [judge(surface, n, seed=arguments.seed, keep=KEPT) for n in numbers]
        kinds = Counter(verdict.kind for verdict in verdicts)
        totals += kinds
        row = [len(verdicts), kinds[RIGHT], kinds[SENTENCE], kinds[DEFECT]]
        seconds = time.monotonic() - start
        print(f"| {surface.title} | {' | '.join(map(str, row))} | {seconds:.0f} |", flush=True)
        for verdict in verdicts:
            if verdict.kind == DEFECT or len(numbers) == 1:
                place = f"{surface.name}:{verdict.number}"
                print(f"{place} {verdict.kind}: {verdict.what}: {verdict.text}", file=sys.stderr)
    row = [totals.total(), totals[RIGHT], totals[SENTENCE], totals[DEFECT]]
    print(f"| all | {' | '.join(map(str, row))} | |")
    return 1 if totals[DEFECT] else 0


if __name__ == "__main__":
    sys.exit(main())
