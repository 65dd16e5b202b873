"""What a person would call a task, for the titles of pictures."""

TITLES: dict[str, str] = {
    "instance": "Objects",
    "keypoints": "Poses",
    "semantic": "Semantic segmentation",
    "classification": "Image class",
    "panoptic": "Panoptic segmentation",
    "depth": "Depth",
    "boundary": "Boundaries",
    "normals": "Surface normals",
    "parsing": "Human parts",
    "saliency": "Saliency",
    "anomaly": "Anomalies",
}


def task_title(task: str) -> str:
    """The title of a task; for a task of any other name the name itself, as words."""
    return TITLES.get(task) or task.replace("_", " ").capitalize()
