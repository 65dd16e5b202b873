"""Data as people have it: what labelling tools write, read directly, without conversion.

Here belongs what brings a folder of pictures and labels to the data sets of the four libraries.
:mod:`~argus.datasets.own.tree` lists the folder, a module of ``formats/`` for each way to write
labels reads it into :class:`~argus.datasets.own.record.OwnData`, which knows nothing of the format
any more, ``recognition`` says which format a folder has, ``parts`` what is trained and validated
on, and ``detection``, ``semantic``, ``pose``, ``classes`` and ``dense`` are the registered data
sets, which turn the record into samples.
"""

from argus.datasets.own.reading import class_names, keypoint_names, read_own, thing_names
from argus.datasets.own.recognition import Recognition, recognise
from argus.datasets.own.record import MapValues, OwnData, OwnObject, OwnPicture

__all__ = [
    "MapValues",
    "OwnData",
    "OwnObject",
    "OwnPicture",
    "Recognition",
    "class_names",
    "keypoint_names",
    "read_own",
    "recognise",
    "thing_names",
]
