"""Checkpoints of a run: what is in them, when they are saved, and how a run that ended goes on.

The file format is ``argus.storage.checkpoint``'s.
"""
