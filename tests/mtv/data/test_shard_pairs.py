"""Shards as training sees them: what a sample becomes, and what a bad one costs."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from argus.datasets.build import build_dataset
from argus.datasets.checks.walk import check_tasks
from argus.datasets.resilient import BadSampleBudget, ResilientDataset
from argus.datasets.samplers import TaskSampler
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import ConfigError, DataError
from argus.mtv.batch import Caption, ClassLabel, Crops, Disparity, Regions, stack
from argus.mtv.data.pack import PackClass, PackPairs
from argus.mtv.data.shard_pairs import ShardPairs
from argus.mtv.texts import text_keys
from argus.registry import DATASETS
from tests.mtv.data import toy

NUMBER = 10


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a small tokenizer."""
    return toy.tokenizer(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.write(tmp_path_factory.mktemp("shards"), [toy.sample(i) for i in range(NUMBER)])


def test_samples__are_what_the_model_takes(root: Path, tokens: str) -> None:
    dataset = build_dataset(toy.config(root, tokens), where="here")
    sample = dataset[7]
    view, labels = sample["inputs"], sample["data_samples"]
    assert view.shape == (3, 32, 32) and view.dtype == torch.uint8
    blue, green, red = toy.picture(7)[0, 0]
    assert view[:, 0, 0].tolist() == [red, green, blue]
    kinds = dict(vl=Caption, ssl=Crops, grounding=Regions, depth=Disparity)
    assert {task: type(label) for task, label in labels.items()} == kinds
    assert labels["ssl"].images.shape == (2, 3, 8, 8) and labels["ssl"].images.dtype == torch.uint8
    tokenizer = dataset.packer.tokenizer
    assert torch.equal(labels["vl"].ids, tokenizer(["picture 7: a blue box!"])[0])
    assert torch.equal(labels["grounding"].ids, tokenizer(["blue box"]))
    assert 1 <= labels["depth"].values.min() < labels["depth"].values.max() <= 3
    assert labels["vl"].img_path == f"{root}/images/00001.tar:s007"
    batch = dict(inputs=[view, view], data_samples=[labels, labels])
    assert stack(batch, list(kinds), torch.device("cpu")).images.shape == (2, 3, 32, 32)


def test_labels__what_no_task_takes_is_not_read(root: Path, tokens: str, tmp_path: Path) -> None:
    labels = dict(ssl="crops")
    config = toy.config(root, tokens, labels=labels)
    config |= dict(regions=str(tmp_path / "absent"), depth=str(tmp_path / "absent"))
    dataset = DATASETS.build(config)
    assert set(dataset.load(0)) == {"img", "img_path", "img_shape", "ori_shape"}
    assert list(dataset[0]["data_samples"]) == ["ssl"]


def test_labels__that_the_shards_lack_are_told_at_once(root: Path, tokens: str) -> None:
    config = toy.config(root, tokens)
    del config["depth"]
    with pytest.raises(DataError, match=r"takes depth, and the samples have no depth.png .*depth="):
        DATASETS.build(config)


def test_shards__that_hold_everything_need_no_side_cars(tmp_path: Path, tokens: str) -> None:
    whole = [
        {"images": {k: v for m in toy.sample(i).values() for k, v in m.items()}} for i in (0, 1)
    ]
    config = toy.config(toy.write(tmp_path, whole), tokens)
    config |= dict(regions=None, depth=None)
    assert set(DATASETS.build(config)[1]["data_samples"]) == set(toy.LABELS)


def broken(part: str, **members: bytes | None) -> dict[str, dict[str, bytes]]:
    found = toy.sample(0)
    names = {name.replace("_", "."): content for name, content in members.items()}
    found[part] = {k: v for k, v in (found[part] | names).items() if v is not None}
    return found


def regions(*entries: dict) -> bytes:
    return json.dumps(entries).encode()


BAD = {
    "corrupt or truncated image": broken("images", png=b"no picture"),
    "does not decode": broken("images", png=toy.encoded(toy.picture(0))[:-20]),
    "it has no picture": broken("images", png=None),
    "its captions are empty": broken("images", txt=b" \n "),
    "no caption is left": broken("images", txt=b"..."),
    "a caption of 10,001 characters": broken("images", txt=b"ab " * 3334),
    "its txt is no text in UTF-8": broken("images", txt=b"\xff\xfe"),
    "it has no caption": broken("images", txt=None),
    "its json has no captions": broken("images", txt=None, json=b'{"captions": [1]}'),
    "outside the picture.*pixels": broken(
        "regions", regions_json=regions(dict(box=[10, 20, 30, 40], text="x"))
    ),
    "outside the picture": broken(
        "regions", regions_json=regions(dict(box=[0.5, 0.5, 1.2, 0.9], text="x"))
    ),
    "has no area": broken("regions", regions_json=regions(dict(box=[0.5, 0, 0.5, 1], text="x"))),
    "no box of four": broken("regions", regions_json=regions(dict(box=[0.5, "a"], text="x"))),
    "has no score": broken(
        "regions", regions_json=regions(dict(box=[0, 0, 1, 1], text="x", score=7))
    ),
    "has no name": broken("regions", regions_json=regions(dict(box=[0, 0, 1, 1], text=" "))),
    "is no JSON": broken("regions", regions_json=b"[" * 100_000),
    "has no regions.json": broken("regions", regions_json=None, other=b""),
    "its depth is 30x20 .* the picture 60x50": broken(
        "images", png=toy.encoded(toy.picture(0, (50, 60)))
    ),
    "no map of 8 or 16 bits": broken("depth", depth_png=toy.encoded(toy.picture(0))),
    "depth.json has no numbers": broken("depth", depth_json=b'{"min": NaN, "max": 1}'),
    "no entry for the sample 's003'": {k: v for k, v in toy.sample(0).items() if k != "regions"},
}  # fmt: skip


@pytest.mark.parametrize("reason", BAD)
def test_bad_sample__is_named_and_replaced(reason: str, tmp_path: Path, tokens: str) -> None:
    samples = [toy.sample(i) for i in range(4)]
    samples[3] = BAD[reason]
    dataset = DATASETS.build(toy.config(toy.write(tmp_path, samples), tokens))
    guarded = ResilientDataset(dataset, task="vl", seed=0)
    sample = guarded[(7, 3)]
    assert set(sample["data_samples"]) == set(toy.LABELS)
    message = sample["replaced"][0]
    (told,) = dataset.sample_faults(3)
    assert told in message and not dataset.sample_faults(2)
    assert "00000.tar" in message and "s003" in message
    assert re.search(reason, message), message


def test_bad_samples__past_a_share_stop_the_run(tmp_path: Path, tokens: str) -> None:
    samples = [toy.sample(i) for i in range(4)]
    samples[0] = broken("images", png=b"")
    dataset = DATASETS.build(toy.config(toy.write(tmp_path, samples), tokens))
    guarded = ResilientDataset(dataset, task="vl", seed=0)
    budget = BadSampleBudget("vl", max_share=0.1, grace=2)
    with pytest.raises(DataError, match=r"task 'vl': 3 of \d+ samples .* the file is empty"):
        for draw in range(40):
            budget.update(guarded[(draw, draw % 4)]["replaced"], 1)


def test_captions__one_of_several_is_drawn_and_json_is_read(tmp_path: Path, tokens: str) -> None:
    texts = ["a red ball", "", "a blue box"]
    content = json.dumps(dict(captions=texts)).encode()
    root = toy.write(tmp_path, [broken("images", txt=None, json=content)])
    dataset = DATASETS.build(toy.config(root, tokens, labels=dict(vl="captions")))
    assert dataset.captions(0) == ["a red ball", "a blue box"]
    found = {tuple(dataset[0]["data_samples"]["vl"].ids.tolist()) for _ in range(30)}
    assert len(found) == 2


def test_overlong_captions__are_cut_and_told_or_replaced(tmp_path: Path, tokens: str) -> None:
    samples = [toy.sample(i) for i in range(3)]
    samples[1] = broken("images", txt=b"a red ball " * 20)
    config = toy.config(toy.write(tmp_path, samples), tokens, labels=dict(vl="captions"))
    dataset = DATASETS.build(config)
    (note,) = dataset.notes
    assert "33% of the captions have more than 24 tokens" in note
    assert dataset[1]["data_samples"]["vl"].ids[-1] == 1
    config["pipeline"][-1]["overlong"] = "replace"
    with pytest.raises(DataError, match="s001: a caption of .* tokens, more than 24"):
        DATASETS.build(config)[1]


def test_regions__more_than_the_decoder_takes_are_drawn(tmp_path: Path, tokens: str) -> None:
    boxes = [dict(box=[0.1 * i, 0, 0.1 * i + 0.3, 1], text=f"box {i}") for i in range(6)]
    root = toy.write(tmp_path, [broken("regions", regions_json=regions(*boxes))])
    config = toy.config(root, tokens, labels=dict(grounding="regions"))
    config["pipeline"] = [dict(type="WholeView", size=32, min_side=1), config["pipeline"][-1]]
    dataset = DATASETS.build(config)
    drawn = set()
    for _ in range(40):
        found = dataset[0]["data_samples"]["grounding"]
        assert len(found.boxes) == len(found.ids) == 4
        drawn |= {round(float(x), 1) for x in found.boxes[:, 0]}
    assert len(drawn) == 6
    boxes = [dict(box, score=float(i > 1)) for i, box in enumerate(boxes)]
    root = toy.write(tmp_path / "sure", [broken("regions", regions_json=regions(*boxes))])
    config |= dict(data=f"{root}/images", regions=f"{root}/regions")
    config["pipeline"][-1]["by_score"] = True
    sure = DATASETS.build(config)[0]["data_samples"]["grounding"].boxes[:, 0]
    assert sure.tolist() == pytest.approx([0.2, 0.3, 0.4, 0.5])
    empty = toy.write(tmp_path / "none", [broken("regions", regions_json=b"[]")])
    config |= dict(data=f"{empty}/images", regions=f"{empty}/regions")
    assert DATASETS.build(config)[0]["data_samples"] == {}


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loader__more_readers_than_shards(root: Path, tokens: str, num_workers: int) -> None:
    """One epoch in two processes by two readers each has every sample once, then goes on."""
    seen = []
    for rank in range(2):
        dataset = ShardPairs(str(root / "images"), window=2)
        sampler = TaskSampler(
            NUMBER, 1, seed=3, rank=rank, world_size=2, order=dataset.epoch_order(3)
        )

        def begin(step: int, sampler: TaskSampler = sampler) -> TaskSampler:
            sampler.set_start(step)
            return sampler

        loader = WatchedLoader(
            ResilientDataset(dataset, task="vl", seed=0),
            batch_size=1,
            num_workers=num_workers,
            timeout=60,
            make_sampler=begin,
        )
        batches = loader.iterate(0)
        found = [next(batches)["img_path"][0].rpartition(":")[2] for _ in range(10)]
        batches.close()
        seen.append(found)
        if not num_workers:  # a run that goes on
            assert next(loader.iterate(4))["img_path"][0].endswith(found[4])
    assert sorted(seen[0][:5] + seen[1][:5]) == [f"s{i:03d}" for i in range(NUMBER)]
    assert [own[:5] for own in seen] != [own[5:] for own in seen]


def test_pack__refuses_what_cannot_be(tokens: str) -> None:
    for keys, message in (
        (dict(labels=dict(vl="words")), "labels"),
        (dict(labels=dict(vl="captions")), "tokenizer is missing"),
        (dict(labels=dict(ssl="crops"), prompt="a"), "prompt"),
        (dict(labels=dict(ssl="crops"), overlong="drop"), "overlong"),
    ):
        with pytest.raises(ConfigError, match=message):
            PackPairs(**keys)
    with pytest.raises(ConfigError, match="put LocalCrops before"):
        PackPairs(dict(ssl="crops"))(dict(img=np.zeros((4, 4, 3), np.uint8), img_path="x"))


def test_pack__gives_an_evaluation_every_caption_and_its_class(tokens: str) -> None:
    packer = PackPairs(dict(vl="captions"), tokenizer=tokens, every_caption=True)
    assert packer.tokenizer is not None
    image, captions = np.zeros((4, 4, 3), np.uint8), ["a red ball", "!", "a blue box"]
    found = packer(dict(img=image, img_path="x", captions=captions))["data_samples"]["vl"]
    assert torch.equal(found.ids, packer.tokenizer([captions[0], captions[2]]))
    assert found.known is None
    packer = PackPairs(dict(vl="captions"), tokenizer=tokens, know_captions=True)
    drawn = packer(dict(img=image, img_path="x", captions=captions))["data_samples"]["vl"]
    assert torch.equal(drawn.known, text_keys(found.ids)) and text_keys(drawn.ids) in drawn.known
    image[..., 0] = 9  # blue
    sample = PackClass(task="kinds")(dict(img=image, img_path="y", gt_label=np.int64(3)))
    assert sample["data_samples"] == dict(kinds=ClassLabel(label=3, img_path="y"))
    assert sample["inputs"][:, 0, 0].tolist() == [0, 0, 9]


def test_joined__reads_the_samples_of_all_sets_and_tells_in_which_order(
    root: Path, tokens: str
) -> None:
    notes: list[str] = []
    parts = [toy.config(root, tokens) | dict(type=ShardPairs)] * 2
    joined = build_dataset(dict(type="ConcatDataset", datasets=parts), where="x", tell=notes.append)
    assert len(joined) == 2 * NUMBER
    views = [joined[index]["inputs"][:, 0, 0].tolist() for index in range(2 * NUMBER)]
    assert views[:NUMBER] == views[NUMBER:] and len(set(map(tuple, views))) == NUMBER
    assert [note for note in notes if "in ConcatDataset, samples of shards are read in any" in note]


def test_check__reads_all_samples_and_names_the_bad_ones(tmp_path: Path, tokens: str) -> None:
    samples = [toy.sample(i) for i in range(6)]
    samples[1], samples[4] = BAD["it has no picture"], BAD["has no area"]
    train = dict(dataset=toy.config(toy.write(tmp_path, samples), tokens), batch_size=2)
    (found,) = check_tasks(dict(vl=dict(decoder=dict(type="Contrastive"), train=train)))
    assert found.counts["samples read"] == 6 and len(found.errors) == 2
    assert "s001: it has no picture" in found.errors[0] and "s004" in found.errors[1]
    (some,) = check_tasks(dict(vl=dict(decoder={}, train=train)), sample=2)
    assert some.counts["samples read"] == 2
