"""Config files: how one is read and changed by options, written, and imported by another.

What a config says of a run is looked at in :mod:`argus.engine.checks`; a config that comes with a
model is a stranger's, and :mod:`argus.model_config`'s.
"""
