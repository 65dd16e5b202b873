"""Bookkeeping of the denoising queries."""

import torch

from argus.models.decoders.mask_dino.denoising import (
    add_noise,
    attention_mask,
    denoising_matches,
)

from .toy import batch, build, perturb, targets_of


def test_attention_mask__equals_the_rule_spelled_out() -> None:
    mask = attention_mask(num_groups=3, group_size=2, num_matching=4, device=torch.device("cpu"))
    assert mask is not None
    owner = [0, 0, 1, 1, 2, 2, "m", "m", "m", "m"]
    for i, row in enumerate(owner):
        for j, column in enumerate(owner):
            blocked = column != "m" and row != column
            assert bool(mask[i, j]) == blocked, (i, j)


def test_attention_mask__is_absent_without_denoising_queries() -> None:
    assert attention_mask(0, 5, 4, torch.device("cpu")) is None
    assert attention_mask(1, 0, 4, torch.device("cpu")) is None


def test_add_noise__zero_scale_copies_the_ground_truth() -> None:
    _, samples = batch([2, 3])
    targets = targets_of(samples)
    noisy = add_noise(targets, num_queries=8, box_noise=0.0, label_noise=0.0, num_classes=3)
    assert noisy.num_groups == 2  # 8 // 3
    assert torch.equal(noisy.labels, targets.labels.repeat(1, 2))
    assert torch.equal(noisy.boxes, targets.boxes.repeat(1, 2, 1))
    assert noisy.valid.sum().item() == 2 * sum(targets.counts)


def test_add_noise__stays_within_its_reach() -> None:
    _, samples = batch([4, 4], seed=3)
    targets = targets_of(samples)
    torch.manual_seed(0)
    noisy = add_noise(targets, num_queries=400, box_noise=0.4, label_noise=0.2, num_classes=50)
    clean = targets.boxes.repeat(1, noisy.num_groups, 1)
    reach = torch.cat([clean[..., 2:] / 2, clean[..., 2:]], -1) * 0.4
    assert ((noisy.boxes - clean).abs() <= reach + 1e-6).all()
    assert ((noisy.boxes - clean).abs() > 0.5 * reach).any()
    changed = (noisy.labels != targets.labels.repeat(1, noisy.num_groups)).float().mean()
    assert 0.15 < changed < 0.25  # 0.2, but for the 1 in 50 drawn again


def test_add_noise__has_one_group_when_instances_outnumber_queries() -> None:
    _, samples = batch([4])
    noisy = add_noise(
        targets_of(samples), num_queries=2, box_noise=0.4, label_noise=0.2, num_classes=3
    )
    assert noisy.num_groups == 1
    assert noisy.labels.shape[1] == targets_of(samples).counts[0]


def test_denoising_matches__pair_each_query_with_its_instance() -> None:
    _, samples = batch([2, 0, 3])
    targets = targets_of(samples)
    noisy = add_noise(targets, num_queries=9, box_noise=0.0, label_noise=0.0, num_classes=3)
    pairs = denoising_matches(targets, noisy.num_groups, num_stages=2)
    assert pairs.counts == tuple(2 * 3 * n for n in targets.counts)
    assert len(set(zip(*(x.tolist() for x in pairs[:3]), strict=True))) == sum(pairs.counts)
    assert noisy.valid[pairs.image, pairs.query].all()
    own = targets.boxes[pairs.image, pairs.target]
    assert torch.equal(noisy.boxes[pairs.image, pairs.query], own)
    assert torch.equal(pairs.image, pairs.image.sort().values)


def test_denoising__does_not_leak_into_matching_queries() -> None:
    model = build()
    perturb(model)
    images, samples = batch([2, 3])
    targets = targets_of(samples)
    features = model.extract_feat(images)
    encoded = model._encode(features, [(64, 64)] * 2, (64, 64))
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)  # other noise
        results.append(model.head(encoded, targets))
    alone = model.head(encoded)
    assert not torch.allclose(results[0].denoised.boxes, results[1].denoised.boxes, atol=1e-3)
    for field in range(3):
        torch.testing.assert_close(results[0].decoded[field], results[1].decoded[field])
        torch.testing.assert_close(results[0].decoded[field], alone.decoded[field])


def test_denoising__groups_do_not_see_each_other() -> None:
    model = build(head=dict(box_noise=0.0, label_noise=0.0))
    perturb(model)
    images, samples = batch([2])
    targets = targets_of(samples)
    encoded = model._encode(model.extract_feat(images), [(64, 64)], (64, 64))
    boxes = model.head(encoded, targets).denoised.boxes[-1, 0]
    # Equal groups that are blind to each other give equal answers.
    groups = boxes.unflatten(0, (-1, targets.counts[0]))
    torch.testing.assert_close(groups, groups[:1].expand_as(groups))
