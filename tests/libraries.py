"""Imports all that takes seconds to import, and does nothing else; see ``tests/forked.py``."""

import argus.engine  # noqa: F401
from argus.libraries import import_libraries

import_libraries()
