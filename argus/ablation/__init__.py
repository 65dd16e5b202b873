"""Trainings that differ in one thing each: run one after another, and told apart in one table.

Here belongs what knows of several trainings at once: the list of them (:mod:`~.rows`), what each
has done already (:mod:`~.runs`), the processes that do the rest (:mod:`~.schedule`,
:mod:`~.children`), and the table of their results (:mod:`~.table`, :mod:`~.formats`).
"""
