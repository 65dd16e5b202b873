"""Weight files are read as tensors, pickles of data sets as plain values, whoever loads them.

Nothing in them is imported or called.

``torch.load``, with whatever arguments a library calls it, gives the tensors and plain values of a
file, and placeholders for other objects such as the logs that mmengine keeps in its checkpoints. A
file that names what only an attack has a use for is refused. Where OpenMMLab or NumPy unpickle
data, they get containers, numbers, texts and arrays, and YAML makes no objects.
``--unsafe-pickle FILE`` is the exception for one file, and warns.
"""

from argus.safe_load.data_files import NotPlainError
from argus.safe_load.installed import tensors_only
from argus.safe_load.names import global_names
from argus.safe_load.reader import Placeholder, allow_unpickling, read_tensors

__all__ = [
    "NotPlainError",
    "Placeholder",
    "allow_unpickling",
    "global_names",
    "read_tensors",
    "tensors_only",
]
