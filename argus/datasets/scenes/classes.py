"""Names, identifiers and colours of everything the generated scenes are labelled with.

Configs import these constants; the writers and the renderer use nothing else, so a class cannot
be called two things.
"""

THING_CLASSES: tuple[str, ...] = ("person", "ball", "box", "can", "cone", "pill")
"""Countable classes. COCO category ids are 1-based in this order (person is 1, as in COCO)."""

STUFF_CLASSES: tuple[str, ...] = ("floor", "wall", "ground", "sky")
"""Background classes: floor and wall indoors (walls outdoors too), ground and sky outdoors."""

SEMANTIC_CLASSES: tuple[str, ...] = THING_CLASSES + STUFF_CLASSES
"""Semantic classes. In label PNGs 0 is "other" and class i is i + 1 (ADE20K: reduce_zero_label)."""

CLASSIFICATION_CLASSES: tuple[str, ...] = (
    "ball",
    "box",
    "can",
    "cone",
    "dumbbell",
    "person",
    "pill",
    "snowman",
    "table",
    "tree",
)
"""Image classes, sorted: the order in which an image folder reader numbers the folders."""

PART_CLASSES: tuple[str, ...] = (
    "background",
    "head",
    "torso",
    "upper-arm",
    "lower-arm",
    "upper-leg",
    "lower-leg",
)
"""Human parts as in the ASTMT / PASCAL-Context protocol; the index is the label."""

HEAD, TORSO, UPPER_ARM, LOWER_ARM, UPPER_LEG, LOWER_LEG = range(1, 7)

ANOMALY_CATEGORIES: dict[str, tuple[str, ...]] = {
    "dice": ("missing_pip", "scratch", "stain"),
    "terrazzo": ("crack", "hole", "stain"),
}
"""Category of the anomaly set -> its kinds of defect, both sorted."""

THING_PALETTE: tuple[tuple[int, int, int], ...] = (
    (220, 20, 60),
    (255, 140, 0),
    (150, 96, 48),
    (0, 120, 200),
    (250, 210, 40),
    (170, 70, 200),
)
STUFF_PALETTE: tuple[tuple[int, int, int], ...] = (
    (190, 160, 120),
    (130, 130, 130),
    (90, 150, 70),
    (120, 190, 240),
)
SEMANTIC_PALETTE: tuple[tuple[int, int, int], ...] = THING_PALETTE + STUFF_PALETTE
"""RGB of each semantic class, for pictures of labels and predictions."""

KEYPOINT_NAMES: tuple[str, ...] = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""The 17 COCO keypoints in COCO order."""

KEYPOINT_SKELETON: tuple[tuple[int, int], ...] = (
    (16, 14),
    (14, 12),
    (17, 15),
    (15, 13),
    (12, 13),
    (6, 12),
    (7, 13),
    (6, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (9, 11),
    (2, 3),
    (1, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
    (5, 7),
)
"""COCO skeleton: pairs of 1-based keypoint numbers."""
