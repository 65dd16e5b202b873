"""What people call folders of pictures, and folders of maps."""

from collections.abc import Mapping

PICTURE_WORDS = (
    *("images", "image", "imgs", "img", "jpegimages", "rgb", "rgbleft", "input", "inputs"),
    *("photos", "pictures", "color", "colour", "leftimg8bit", "frames", "im", "data", "img_dir"),
)
MAP_WORDS: Mapping[str, tuple[str, ...]] = dict(
    semantic=(
        *(
            "masks",
            "mask",
            "labels",
            "label",
            "annotations",
            "annotation",
            "gt",
            "groundtruth",
            "ground_truth",
        ),
        *("segmentationclass", "seg", "segs", "segmentation", "segmentations", "semantic"),
        *("labelmaps", "label_maps", "target", "targets", "semseg", "gtfine", "gtleft"),
        *("labelids", "seg_maps", "annots", "masks_machine", "class_maps", "ann_dir", "ann"),
        *("segmentationclasspng", "label_images", "label_images_semantic", "mask_images"),
    ),
    depth=("depth", "depths", "depth_maps", "depthmaps", "depth_map", "depthleft", "sync_depth"),
    normals=("normals", "normal", "normal_maps", "surface_normals"),
    boundary=(
        *("edges", "edge", "boundary", "boundaries", "contours", "edge_maps", "boundary_png"),
        *("boundary_mat", "groundtruth"),
    ),
    saliency=("saliency", "salient", "sod", "saliency_maps", "saliency_masks"),
)
"""What folders of maps are called, by what the maps are."""
