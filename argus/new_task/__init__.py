"""What ``argus new`` does: from a folder of pictures and labels to a config that trains.

Here belongs what looks at data for a person who has no config yet: the report of what was found, a
sheet of pictures with their labels, the backbone that is meant by a name, and the text of the
config. How labels are read is in :mod:`argus.datasets.own`, what the config's lines stand for in
:mod:`argus.recipes`.
"""

from argus.new_task.create import Request, create

__all__ = ["Request", "create"]
