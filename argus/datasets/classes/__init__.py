"""What the numbers of labels mean, and the same numbers for the same names.

Here belongs what reads the class names of a built data set, of a joined one or of XML files, and
what numbers the samples of any library's data set as the config lists the classes. Comparing two
lists of names is :mod:`argus.names`.
"""
