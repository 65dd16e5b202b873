"""Is anything wrong with the data? Looked at before a training reads it, and by the data check.

Here belongs what judges files, entries, pipelines and class lists without changing them, and says
what it found in :class:`~argus.datasets.checks.findings.Findings` or one sentence.
:mod:`~argus.datasets.checks.walk` goes through all data of a config. What counts labels is in
:mod:`argus.datasets.census`; what needs the engine or a decoder in :mod:`argus.engine.checks`.
"""
