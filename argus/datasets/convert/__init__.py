"""Converters of public downloads into the layouts of ``data/README.md``: ``argus convert``.

One module per data set; what they share is :mod:`~argus.datasets.convert.whole_files` (atomic
writing), :mod:`~argus.datasets.convert.archives` (safe reading of folders and archives),
:mod:`~argus.datasets.convert.work` (many files in parallel, with progress) and
:mod:`~argus.datasets.convert.conversion` (the whole run: record, counts, summary).
"""
