"""Imports all that takes seconds to import, and does nothing else; see ``tests/forked.py``."""

import argus.engine  # noqa: F401
from argus.libraries.importing import import_libraries

import_libraries()
