"""What the numbers of labels mean: names of classes, categories and keypoints, and their order.

Pure functions of names and of parsed files, for data sets, metrics and commands alike. A number
means a class only together with a list of names; two lists are brought together here, by name. How
names stand in a message, with their number and safely, is in ``wording`` and ``printable``.
"""
