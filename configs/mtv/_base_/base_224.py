"""MTV-B/16: SigLIP's encoders at 224 px, 203,155,970 parameters; 250.3 M with the four tasks.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip

task_model = dict(
    type=MTVModel,
    locked=(),
    chunk=None,  # not stated in paper; all at once, a number saves memory
)
backbone = dict(type=siglip, size="base_224")
