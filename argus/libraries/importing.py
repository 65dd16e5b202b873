"""Importing the OpenMMLab libraries, whose registries are filled by that alone.

A module of its own, which imports next to nothing: who calls it first does not wait before, and
hears nothing of what they print.
"""

import contextlib
import functools
import gc
import importlib
import io
import warnings

from argus.processes.garbage import no_garbage_search


@functools.cache
def import_libraries() -> None:
    """Import the OpenMMLab libraries without what they print about optional services.

    The collector of garbage is kept off what stays for good: while it is imported, and afterwards,
    when mmengine asks for a collection with every data set.
    """
    with no_garbage_search():
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for library in ("mmdet", "mmseg", "mmpose", "mmpretrain"):
                for part in ("datasets", "evaluation", "models"):
                    importlib.import_module(f"{library}.{part}")
        gc.freeze()
