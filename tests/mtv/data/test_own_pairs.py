"""Pictures and captions as people have them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.logging import MMLogger

from argus.datasets.checks.walk import check_tasks
from argus.datasets.shards.writer import ShardWriter
from argus.engine.loading.loaders import MultitaskLoader, build_eval_loader
from argus.errors import ConfigError, DataError
from argus.mtv.data.own_pairs import OwnPairs
from argus.mtv.data.repeats import AS_NEGATIVES, best_recall, repeat_notes, repeated_share
from argus.mtv.decoders import Contrastive
from argus.mtv.losses.sigmoid import EQUAL_TEXTS
from argus.mtv.metrics import recalls
from argus.mtv.tokenizer import canonical
from argus.registry import DATASETS
from argus.tasks import parse_tasks
from tests.mtv.data import toy

NUMBER = 12
OTHERS = [meaning for meaning in EQUAL_TEXTS if meaning != AS_NEGATIVES]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a small tokenizer."""
    return toy.tokenizer(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("own")
    (root / "img").mkdir()
    for index in range(NUMBER):
        (root / f"img/{index}.png").write_bytes(toy.encoded(toy.picture(index)))
    return root


@pytest.fixture
def root(pictures: Path, tmp_path: Path) -> Path:
    (tmp_path / "img").symlink_to(pictures / "img")
    return tmp_path


def found(dataset: OwnPairs) -> dict[str, list[str]]:
    return {Path(dataset.name(i)).name: dataset.captions(i) for i in range(len(dataset))}


EXPECTED = {f"{i}.png": [f"number {i}", f"again, {i}"] for i in range(NUMBER)}
PAIRS = [(name, text) for name, texts in EXPECTED.items() for text in texts]


def write(root: Path, format: str) -> Path:
    if format == "csv":
        rows = "".join(f'img/{name},"{text}"\n' for name, text in PAIRS)
        (root / "a.csv").write_text("filepath,title\n" + rows)
    elif format == "tsv":  # without a head, with Windows' paths of another machine
        (root / "a.tsv").write_text("".join(f"C:\\x\\{n}\t{text}\n" for n, text in PAIRS))
    elif format == "jsonl":
        lines = [json.dumps(dict(image=name, captions=texts)) for name, texts in EXPECTED.items()]
        (root / "a.jsonl").write_text("\n".join(lines) + "\n\n")
    elif format == "coco":
        content = dict(
            images=[dict(id=i, file_name=f"{i}.png") for i in range(NUMBER)],
            annotations=[dict(image_id=int(n[:-4]), caption=text) for n, text in PAIRS],
        )
        (root / "captions_all.json").write_text(json.dumps(content))
        (root / "instances_all.json").write_text("{}")
    else:
        (root / "img").unlink()
        (root / "img").mkdir()
        for i, (name, texts) in enumerate(EXPECTED.items()):
            (root / "img" / name).write_bytes(toy.encoded(toy.picture(i)))
            (root / "img" / name.replace(".png", ".txt")).write_text("\n".join(texts) + "\n")
        (root / "readme.txt").write_text("no caption")
    return root


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "coco", "txt"])
def test_own_pairs__every_format_gives_the_same(root: Path, format: str, tokens: str) -> None:
    write(root, format)
    assert found(OwnPairs(str(root), split="all")) == EXPECTED
    pipeline = [
        dict(type="WholeView", size=16),
        dict(type="PackPairs", labels=dict(vl="captions"), tokenizer=tokens),
    ]
    dataset = DATASETS.build(dict(type="OwnPairs", data=str(root), split="all", pipeline=pipeline))
    sample = dataset[3]
    index = int(Path(dataset.name(3)).stem)
    assert sample["inputs"][:, 0, 0].tolist() == toy.picture(index)[0, 0, ::-1].tolist()
    known = dataset.packer.tokenizer(EXPECTED[f"{index}.png"]).tolist()
    assert sample["data_samples"]["vl"].ids.tolist() in known


def test_own_pairs__a_part_is_held_out_by_the_seed(root: Path) -> None:
    write(root, "csv")
    parts = {
        (split, seed): set(found(OwnPairs(str(root), split=split, seed=seed)))
        for split in ("train", "val")
        for seed in (0, 1)
    }
    for seed in (0, 1):
        assert parts["train", seed] | parts["val", seed] == set(EXPECTED)
        assert not parts["train", seed] & parts["val", seed] and parts["val", seed]
    assert parts["val", 0] != parts["val", 1]
    with pytest.raises(ConfigError, match="expected one of train, val, test, all"):
        OwnPairs(str(root), split="dev")


def test_own_pairs__parts_that_the_table_names(root: Path) -> None:
    rows = [f"{i}.png,number {i},{'validation' if i < 3 else 'train'}\n" for i in range(NUMBER)]
    (root / "a.csv").write_text("path,caption,split\n" + "".join(rows))
    assert set(found(OwnPairs(str(root), split="val"))) == {"0.png", "1.png", "2.png"}


def test_own_pairs__paths_lead_nowhere_else(root: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.png"
    outside.write_bytes(toy.encoded(toy.picture(0)))
    rows = [f"../{outside.name},out", f"{outside},out", *[f"{i}.png,in" for i in range(NUMBER)]]
    (root / "a.csv").write_text("path,caption\n" + "\n".join(rows))
    with pytest.raises(DataError, match=r"2 captions of 14 .* not below .*max_missing"):
        OwnPairs(str(root), split="all")
    dataset = OwnPairs(str(root), split="all", max_missing=0.2)
    assert len(dataset) == NUMBER and "2 captions of 14" in dataset.notes[0]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.csv", "name,what\nx,y\nz,w", r"none of 3 captions"),
        ("a.csv", "a,b,c\n1,2,3", "expected a column of paths"),
        ("a.csv", "", "the table is empty"),
        ("a.jsonl", '{"path": 3}', r"line 1: expected an object"),
        ("a.jsonl", '{"path"', "line 1: no JSON"),
        ("a.json", '{"images": [{"id": 1, "file_name": "0.png"}], "annotations": [{}]}', "table"),
        ("captions.json", '{"images": [{"id": 1, "file_name": "0"}], "annotations": [0]}', "_id"),
        ("a.parquet", "x", "captions are read from a table"),
    ],
)  # fmt: skip
def test_own_pairs__files_that_are_none(root: Path, name: str, content: str, message: str) -> None:
    (root / name).write_text(content)
    with pytest.raises(DataError, match=message):
        OwnPairs(str(root), split="all")


def test_own_pairs__two_formats_have_to_be_chosen_from(root: Path) -> None:
    write(write(root, "csv"), "jsonl")
    with pytest.raises(DataError, match="found csv, jsonl. Name the file"):
        OwnPairs(str(root), split="all")
    assert found(OwnPairs(str(root), split="all", format="jsonl")) == EXPECTED
    assert found(OwnPairs(str(root / "a.csv"), split="all")) == EXPECTED


def test_own_pairs__captions_that_are_empty_fail_alone(root: Path) -> None:
    rows = "".join(f"{i}.png,{'' if i == 4 else 'x'}\n" for i in range(NUMBER))
    (root / "a.csv").write_text("path,caption\n" + rows)
    dataset = OwnPairs(str(root), split="all")
    bad = [i for i in range(NUMBER) if dataset.name(i).endswith("/4.png")]
    with pytest.raises(DataError, match=r"4.png: its captions are empty"):
        dataset[bad[0]]


def test_repeats__the_share_is_counted_and_told() -> None:
    captions = [["A dog.", "a dog"], ["a dog!"], ["no finding"], ["No Finding"], ["a cat"]]
    share, text, number = repeated_share(captions)
    assert share == pytest.approx(4 / 5) and number == 2 and text.lower() in ("a dog", "no finding")
    (note,) = repeat_notes(captions)
    assert note.startswith("80% of the captions of 5 pictures") and "equal_texts" in note
    assert repeat_notes([[str(i)] for i in range(30)] + [["0"]]) != ()
    assert repeat_notes([[str(i)] for i in range(50)] + [["0"]]) == ()
    assert repeated_share([]) == (0.0, "", 0)


def test_repeats__bound_the_recall_that_can_be_measured(root: Path, tokens: str) -> None:
    captions = [["a", "b"], ["b", "c"], ["d"], ["d"], ["D!"], ["b", "e", "b"]]
    names = sorted({canonical(text) for own in captions for text in own})
    found = np.array([names.index(canonical(text)) for own in captions for text in own])
    owners = np.repeat(np.arange(6), [len(own) for own in captions])
    texts, generator = np.eye(5), np.random.default_rng(0)
    measured = []
    for _ in range(500):
        # Pictures that look like one of their captions, more or less.
        rows = [generator.choice(found[owners == picture]) for picture in range(6)]
        images = texts[rows] + generator.normal(scale=0.01, size=(6, 5))
        own = recalls(images, texts[found], owners, top=(1,))
        measured.append((own["image_to_text_r1"], own["text_to_image_r1"]))
    assert best_recall(captions) == tuple(np.max(measured, axis=0)) == (0.5, 6 / 10)
    (root / "a.csv").write_text("path,caption\n" + "".join(f"{i}.png,a cup\n" for i in range(12)))
    told = []
    for every in (False, True):
        pack = dict(
            type="PackPairs", labels=dict(vl="captions"), tokenizer=tokens, every_caption=every
        )
        told.append(OwnPairs(str(root), split="all", pipeline=[pack]).notes)
    assert told[0] == () and "at most 0% from images to texts and 8% from" in told[1][0]


def test_repeats__are_told_to_who_learns_from_them_as_negatives(
    root: Path, tokens: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.csv").write_text("path,caption\n" + "".join(f"{i}.png,a cup\n" for i in range(12)))
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    labels = dict(vl="captions", ssl="crops")
    pack = dict(type="PackPairs", labels=labels, tokenizer=tokens)
    views = [dict(type="LocalCrops", number=1, size=8), dict(type="WholeView", size=16)]
    dataset = dict(type="OwnPairs", data=str(root), split="all", pipeline=[*views, pack])
    data = dict(dataset=dataset, batch_size=2, num_workers=0)
    assert Contrastive().equal_texts == AS_NEGATIVES
    for options in ({}, *(dict(equal_texts=meaning) for meaning in OTHERS)):
        # The data are of another task of the stream than that which takes the captions.
        tasks: dict[str, Any] = dict(
            ssl=dict(
                decoder=dict(type="SelfSupervised"),
                stream="pairs",
                train=data,
                val=data,
                metrics=dict(type="RetrievalRecall"),
            ),
            vl=dict(decoder=dict(type="Contrastive", **options), stream="pairs"),
        )
        is_told = options.get("equal_texts") not in OTHERS
        for findings in check_tasks(tasks):
            found = [text for text in findings.warnings if "is a negative" in text]
            assert len(found) == (is_told and findings.where == "ssl.train"), (options, found)
        for part, loads in dict(
            train=lambda tasks: MultitaskLoader(tasks, seed=0),
            val=lambda tasks: build_eval_loader(tasks["ssl"].val, task="ssl", part="val", seed=0),
        ).items():
            warnings.clear()
            loads(parse_tasks(tasks, on_backbone=False))
            told = sum("is a negative" in text for text in warnings)
            assert told == (is_told and part == "train"), (options, part)


COCO = Path(__file__).parents[3] / "../shared/data/coco"


@pytest.mark.skipif(not COCO.is_dir(), reason="no samples of COCO beside the repository")
def test_coco__real_pictures_and_captions_become_shards(tmp_path: Path, tokens: str) -> None:
    own = OwnPairs(str(COCO), split="val", max_missing=1.0)
    assert len(own) > 20 and all(4 < len(own.captions(i)) < 8 for i in range(len(own)))
    with ShardWriter(tmp_path, samples_per_shard=10) as writer:
        for index in range(len(own)):
            picture = Path(own.name(index))
            content = json.dumps(dict(captions=own.captions(index))).encode()
            writer.write(picture.stem, dict(jpg=picture.read_bytes(), json=content))
    pipeline = [
        dict(type="LocalCrops", number=2, size=96),
        dict(type="RandomView", size=224),
        dict(
            type="PackPairs", labels=dict(vl="captions", ssl="crops"), tokenizer=tokens, length=64
        ),
    ]
    shards = DATASETS.build(dict(type="ShardPairs", data=str(tmp_path), pipeline=pipeline))
    assert len(shards) == len(own)
    for index in range(0, len(own), 5):
        assert shards.captions(index) == own.captions(index)
        sample = shards[index]
        assert sample["inputs"].shape == (3, 224, 224) and sample["inputs"].float().std() > 5
        known = shards.packer.tokenizer(own.captions(index)).tolist()
        assert sample["data_samples"]["vl"].ids.tolist() in known
