"""Patch embedding: a strided convolution, as in ViT (https://arxiv.org/abs/2010.11929)."""

from torch import Tensor, nn


class PatchEmbed(nn.Module):
    """Cut an image into square patches and project each to C channels.

    Args:
        patch_size: Side of a patch, pixels.
        embed_dim: C.
    """

    def __init__(self, patch_size: int, embed_dim: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.Conv2d(3, embed_dim, patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        """Embed normalised images.

        Args:
            images: (B, 3, H, W), both sides multiples of the patch size.

        Returns:
            (B, H / patch * W / patch, C), row by row.

        Raises:
            ValueError: If a side is not a multiple of the patch size.
        """
        height, width = images.shape[-2:]
        if height % self.patch_size or width % self.patch_size:
            raise ValueError(
                f"The patch embedding expected sides that are multiples of {self.patch_size}, "
                f"found {height} x {width} (height x width). Pad or resize the images."
            )
        tokens: Tensor = self.proj(images).flatten(2).transpose(1, 2)
        return tokens
