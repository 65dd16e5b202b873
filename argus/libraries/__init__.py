"""Importing the libraries that Argus stands on: what they lack, do not go with, and print.

Here belongs what is about their being imported, and is cheap itself: ``import argus`` runs it
before the first of them. What stands in for a module of theirs has a package of its own
(``argus.mmcv_ops``, ``argus.coco_evaluation``).
"""
