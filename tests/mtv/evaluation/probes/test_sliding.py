import numpy as np
import pytest
import torch

from argus.mtv.evaluation.probes.sliding import likeliest, mean_scores, windows


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4, 4), [(0, 4, 0, 4)]),
        ((3, 9), [(0, 3, 0, 4), (0, 3, 3, 7), (0, 3, 5, 9)]),
        ((7, 4), [(0, 4, 0, 4), (3, 7, 0, 4)]),
    ],
)
def test_windows__cover_and_end_inside(size, expected):
    assert windows(size, 4, 3) == expected


def test_mean_scores__pixel_by_pixel():
    size, asked = (7, 10), []
    values = np.random.default_rng(0).normal(size=(20, 2, 4, 4))

    def score(part):
        rows = [windows(size, 4, 3).index(window) for window in part]
        asked.append(len(rows))
        return torch.from_numpy(values[rows])

    found = mean_scores(score, size, side=4, stride=3, batch_size=4)
    total, count = np.zeros((2, *size)), np.zeros(size)
    for number, (top, bottom, left, right) in enumerate(windows(size, 4, 3)):
        total[:, top:bottom, left:right] += values[number]
        count[top:bottom, left:right] += 1
    np.testing.assert_allclose(found, total / count)
    assert asked == [4, 2] and count.max() == 4


def test_mean_scores__windows_at_another_resolution_are_resized():
    patches = torch.arange(4.0).reshape(1, 1, 2, 2)
    found = mean_scores(lambda part: patches, (4, 4), side=4, stride=4, batch_size=1)
    resized = torch.nn.functional.interpolate(patches, (4, 4), mode="bilinear")
    torch.testing.assert_close(found, resized[0])


@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_likeliest__argmax_after_the_resize(chunk):
    scores = torch.randn(7, 3, 5, generator=torch.Generator().manual_seed(0))
    full = torch.nn.functional.interpolate(scores[None], (12, 11), mode="bilinear")[0]
    assert torch.equal(likeliest(scores, (12, 11), chunk=chunk), full.argmax(0))
