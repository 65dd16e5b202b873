"""Folders and lists as data sets of all libraries see them: tidied, whoever reads them.

Here belongs what makes the reading of a kind of file the same everywhere: hidden files and foreign
suffixes left out of listings, byte-order marks, pointers in place of files. Files as such are in
:mod:`argus.files`.
"""
