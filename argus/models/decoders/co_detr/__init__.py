"""Co-DETR (Co-DINO): DINO trained together with one-to-many auxiliary heads."""

from .auxiliary import CollaborativeATSSHead, CollaborativeFasterRCNN, CollaborativeRoIHead
from .detector import CoDETR
from .query_head import CoDINOHead

__all__ = [
    "CoDETR",
    "CoDINOHead",
    "CollaborativeATSSHead",
    "CollaborativeFasterRCNN",
    "CollaborativeRoIHead",
]
