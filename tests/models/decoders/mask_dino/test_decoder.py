"""Look forward twice, start of the decoder, and padding in the decoder."""

import torch
from torch import nn

from argus.models.decoders.mask_dino.decoder import MaskDINODecoder
from argus.models.decoders.mask_dino.structures import EncodedFeatures


def make(num_layers: int = 3) -> tuple[MaskDINODecoder, EncodedFeatures]:
    torch.manual_seed(0)
    decoder = MaskDINODecoder(
        8,
        num_layers=num_layers,
        num_heads=2,
        num_levels=2,
        num_points=2,
        ffn_dim=16,
        dropout=0.0,
        reference_from="normed",
    )
    shapes = ((4, 4), (2, 2))
    features = EncodedFeatures(
        torch.randn(2, 20, 8),
        shapes,
        None,
        torch.ones(2, 2),
        torch.rand(2, 20, 2),
        torch.randn(2, 8, 8, 8),
    )
    return decoder, features


class Updates(nn.Module):
    """A box head whose update of layer i is the parameter i."""

    def __init__(self, num_layers: int) -> None:
        super().__init__()
        self.values = nn.ParameterList(torch.full((4,), 0.1 * (i + 1)) for i in range(num_layers))
        self.calls = 0

    def forward(self, queries: torch.Tensor) -> torch.Tensor:
        update = self.values[self.calls].expand(*queries.shape[:2], 4)
        self.calls += 1
        return update


def test_boxes__accumulate_the_updates() -> None:
    decoder, features = make()
    head = Updates(3)
    start = torch.randn(2, 5, 4)
    states, boxes = decoder(torch.randn(2, 5, 8), start, features, None, head)
    assert states.shape == (4, 2, 5, 8)
    for layer, total in enumerate((0.0, 0.1, 0.3, 0.6)):
        torch.testing.assert_close(boxes[layer], (start + total).sigmoid())


def test_boxes__look_forward_twice() -> None:
    # The box of layer i has gradient for the updates of layers i and i - 1 only.
    for layer in (1, 2, 3):
        decoder, features = make()
        head = Updates(3)
        queries = torch.randn(2, 5, 8)
        _, boxes = decoder(queries, torch.randn(2, 5, 4), features, None, head)
        boxes[layer].sum().backward()
        reached = [i + 1 for i, p in enumerate(head.values) if p.grad is not None and p.grad.any()]
        assert reached == [i for i in (layer - 1, layer) if i > 0]


def test_first_state__is_the_normalised_input() -> None:
    decoder, features = make(num_layers=1)
    queries = torch.randn(2, 5, 8)
    states, _ = decoder(queries, torch.randn(2, 5, 4), features, None, Updates(1))
    torch.testing.assert_close(states[0], nn.functional.layer_norm(queries, (8,)))
