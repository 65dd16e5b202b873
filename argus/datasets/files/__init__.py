"""Folders, lists and archives as data sets of all libraries see them.

Here belongs what makes the reading of a kind of file the same everywhere: hidden files and foreign
suffixes left out of listings, byte-order marks, pointers in place of files, bounds of what unpacks.
What is no data set's is in :mod:`argus.files`.
"""
