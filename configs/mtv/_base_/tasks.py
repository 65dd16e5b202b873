"""The four tasks of MTV, without data: all read the stream ``pairs``, and one of them brings it.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised

_stream = "pairs"

captions = dict(
    decoder=dict(
        type=Contrastive,
        equal_texts="negative",  # its Eq. 1
        max_scale=None,  # not stated in paper; none
        chunk=1024,  # texts whose logits are in memory, without effect on the result
    ),
    stream=_stream,
)
selfsup = dict(
    decoder=dict(
        type=SelfSupervised,
        num_prototypes=32768,  # "32k"; 32,000 would not meet the table of parameters
        hidden=2048,  # not stated in paper; DINO, meets the table
        bottleneck=256,  # not stated in paper; DINO, meets the table
        mask_weight=2.0,
        koleo_weight=0.1,
        student_temperature=0.1,
        teacher_temperature=(0.04, 0.07),
        warmup_share=0.1,  # not stated in paper; DINOv2's 37.5k steps are a tenth of 390.6k
        centre_momentum=0.9,
        centre_of="teacher",  # its formula and all implementations; its appendix says student
        ema_momentum=0.994,
        mask_block=1,  # not stated in paper; "randomly mask 50 %" of single patches
        chunk=2048,  # patches whose scores are in memory, without effect on the result
    ),
    stream=_stream,
)
grounding = dict(
    decoder=dict(
        type=Grounding,
        max_regions=4,
        equal_texts="ignore",  # not stated in paper; "person" is in every second picture
        own_scale=True,  # not stated in paper; guess
        logit_bias=-10.0,  # not stated in paper; SigLIP's
        final_norm=False,  # not stated in paper; guess
        chunk=1024,  # names whose logits are in memory, without effect on the result
    ),
    stream=_stream,
)
depth = dict(
    decoder=dict(
        type=Depth,
        taps=None,  # blocks 3, 6, 9, 12 of B and 6, 12, 18, 24 of L
        normalises_taps=False,  # not stated in paper; it calls them z^(l)
        channels=(96, 192, 384, 768),  # not stated in paper; Depth Anything's, meets the table
        fusion=128,  # not stated in paper; meets the table
        hidden=32,  # not stated in paper; Depth Anything's
        activation="softplus",  # not stated in paper; relu may be 0 everywhere, and stays so
        gradient_weight=2.0,
        keep=0.9,
        gradient_space="normalised",  # not stated in paper; it prints an unnormalised sum
    ),
    stream=_stream,
)
