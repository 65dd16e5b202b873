"""Co-DETR (Co-DINO): DINO trained together with one-to-many auxiliary heads, boxes and masks."""

from .auxiliary import CollaborativeATSSHead, CollaborativeFasterRCNN, CollaborativeRoIHead
from .detector import CoDETR
from .instance import CoDETRInstance
from .mask_branch import QueryMaskBranch
from .query_head import CoDINOHead

__all__ = [
    "CoDETR",
    "CoDETRInstance",
    "CoDINOHead",
    "CollaborativeATSSHead",
    "CollaborativeFasterRCNN",
    "CollaborativeRoIHead",
    "QueryMaskBranch",
]
