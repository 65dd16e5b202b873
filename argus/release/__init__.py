"""A trained model for distribution: in 16 bits, without its frozen ViT, held against the original.

What reads such a folder is not here but where every model is read
(:mod:`argus.models.backbones.separate_vit`).
"""
