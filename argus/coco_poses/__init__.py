"""The evaluation of poses that mmpose calls ``xtcocotools``, by pycocotools and hotcoco alone.

``xtcocotools`` is pycocotools with other keypoints than COCO's seventeen, and comes as C code to be
compiled. Where it is installed, it is used, and nothing of this folder is; where it is not,
:mod:`argus.libraries.stand_ins` makes its modules from here.

What belongs here: what mmpose calls of it, derived from pycocotools' classes, with its numbers.
"""
