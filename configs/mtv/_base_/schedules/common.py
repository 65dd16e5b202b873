"""What the schedules of MTV share.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from torch.optim import AdamW

from argus.mtv.collapse import CollapseHook

optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=5e-4,
        weight_decay=0.0,
        betas=(0.9, 0.98),  # not stated in paper; CLIP's
        eps=1e-6,  # not stated in paper; CLIP's
    ),
    clip_grad=dict(max_norm=1.0),  # not stated in paper; guess, DINOv2 has 3
)
precision = "bf16"
val_cfg = dict()
eval_weights = "raw"  # the teacher is an average already; there is none of the student
custom_hooks = [dict(type=CollapseHook, least_prototypes=2.0, most_entropy=0.99, steps=200)]
