"""Norms of 2-d feature maps by name, for the GroupNorm or BatchNorm switch.

GroupNorm: https://arxiv.org/abs/1803.08494.
"""

from collections.abc import Mapping

from torch import nn

NORMS_2D = ("GN", "BN", "SyncBN")


def build_norm2d(name: str, num_channels: int, groups: int | Mapping[int, int] = 32) -> nn.Module:
    """Build a norm for maps (B, C, H, W).

    Args:
        name: ``GN``, ``BN`` or ``SyncBN``.
        num_channels: C.
        groups: Groups of GN, or groups by width, for example ``{16: 8, 96: 32}``.

    Raises:
        ValueError: If the name is unknown or the groups do not divide the channels.
    """
    if name == "BN":
        return nn.BatchNorm2d(num_channels)
    if name == "SyncBN":
        return nn.SyncBatchNorm(num_channels)
    if name != "GN":
        raise ValueError(f"Unknown norm: expected one of {NORMS_2D}, found {name!r}.")
    if isinstance(groups, Mapping):
        if num_channels not in groups:
            raise ValueError(
                f"The groups by width {dict(groups)} have no entry for {num_channels} channels. "
                f"Add {num_channels}: <groups>."
            )
        num_groups = groups[num_channels]
    else:
        num_groups = groups
    if num_groups < 1 or num_channels % num_groups:
        raise ValueError(
            f"GroupNorm expected a number of groups that divides {num_channels} channels, found "
            f"{num_groups}. Choose another norm_groups, or give groups by width: "
            f"norm_groups={{{num_channels}: <groups>, ...}}."
        )
    return nn.GroupNorm(num_groups, num_channels)
