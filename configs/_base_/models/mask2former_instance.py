"""Instance segmentation decoder: Mask2Former, ADE20K, 100 things.

That of panoptic segmentation without the stuff; see mask2former_panoptic.py.
"""

from mmengine.config import read_base

with read_base():
    from .mask2former_panoptic import mask2former_panoptic as mask2former_instance

# The labels are masks alone.
mask2former_instance["data_preprocessor"].update(pad_seg=False)
mask2former_instance["panoptic_head"].update(num_things_classes=100, num_stuff_classes=0)
# not stated in paper; Mask2Former, the last is "no object"
mask2former_instance["panoptic_head"]["loss_cls"].update(class_weight=[1.0] * 100 + [0.1])
mask2former_instance["panoptic_fusion_head"].update(num_things_classes=100, num_stuff_classes=0)
# not stated in paper; Mask2Former, the 100 best of an image as the COCO metric takes them
mask2former_instance["test_cfg"].update(panoptic_on=False, instance_on=True, max_per_image=100)
