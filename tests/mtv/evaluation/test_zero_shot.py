"""Classes by their names: answers worked out by hand, names and sentences, scenes and photos."""

from pathlib import Path

import numpy as np
import pytest
import torch

from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.errors import ConfigError, DataError
from argus.mtv import MTV
from argus.mtv.class_texts import class_embeddings
from argus.mtv.encoders.encoder import load_encoder
from argus.mtv.evaluation.class_names import name_classes, read_templates
from argus.mtv.evaluation.zero_shot import Options, accuracies, embedded_classes, run, true_ranks
from tests.mtv.evaluation.colours import ColourEncoder, paint
from tests.real_data.samples import SAMPLES, needs_samples


def test_accuracy__is_what_the_colours_say(tmp_path: Path) -> None:
    for place, (folder, *colour) in enumerate(
        [
            ("red", 255, 0, 0),
            ("red", 200, 100, 0),
            ("green", 0, 90, 10),
            ("green", 250, 10, 10),  # nearer to red
            ("dark_blue", 0, 0, 60),
        ]
    ):
        paint(tmp_path / "val" / folder / f"{place}.png", *colour)
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("a {} thing\na very {}\n")
    found = run(ColourEncoder(), tmp_path, Options(templates=str(sentences), batch_size=2))
    # Of three classes there is no top 5.
    assert found == dict(top1=80.0, pictures=5, classes=3)
    # The same from the folders themselves, by other names for the folders.
    names = tmp_path / "names.txt"
    names.write_text("red\tgreen\ngreen\tred\ndark_blue\tdark blue\npale\tpale\n")
    options = Options(templates=str(sentences), names=str(names))
    found = run(ColourEncoder(), tmp_path / "val", options)
    assert found == dict(top1=40.0, pictures=5, classes=4)


def test_class_embeddings__are_means_of_units() -> None:
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(6, 4)) * rng.uniform(0.1, 50, size=(6, 1))  # lengths must not count
    found = class_embeddings(torch.tensor(texts), 2).numpy()
    for place in range(2):
        units = [t / np.linalg.norm(t) for t in texts[3 * place : 3 * place + 3]]
        mean = np.mean(units, axis=0)
        np.testing.assert_allclose(found[place], mean / np.linalg.norm(mean), rtol=1e-5)


def test_classes__are_the_same_for_any_number_at_a_time() -> None:
    names, templates = ["red", "green", "dark blue", "pale red"], ["a {}", "{} pale", "the {}"]
    whole = embedded_classes(ColourEncoder(), names, templates, batch_size=1000)
    for batch_size in (1, 6, 7):
        parts = embedded_classes(ColourEncoder(), names, templates, batch_size=batch_size)
        torch.testing.assert_close(parts, whole)


def test_ranks__take_equals_to_come_before() -> None:
    similarity = torch.tensor([[0.1, 0.9, 0.5], [0.3, 0.3, 0.3], [0.7, 0.2, 0.8]])
    ranks = true_ranks(similarity, torch.tensor([1, 0, 1]))
    assert ranks.tolist() == [0, 2, 2]
    assert accuracies(ranks, 3) == {"top1": pytest.approx(100 / 3)}
    assert accuracies(torch.tensor([0, 4, 5, 7]), 8) == {"top1": 25.0, "top5": 50.0}


def test_names_and_sentences__of_imagenet() -> None:
    wnids = [f"n{number:08d}" for number in range(1000)]
    names, labels = name_classes(wnids, None)
    assert labels == list(range(1000)) and len(set(names)) > 990
    assert (names[0], names[134], names[517], names[999]) == (
        *("tench", "crane bird", "construction crane", "toilet paper"),
    )
    sentences = read_templates("openai")
    assert len(set(sentences)) == 80 and all(s.count("{}") == 1 for s in sentences)
    assert "a photo of the hard to see {}." in sentences and "a tattoo of the {}." in sentences
    assert len(set(read_templates("openai_7"))) == 7
    with pytest.raises(DataError, match="expected the 1,000 folders of ImageNet-1k"):
        name_classes(wnids[:50], None)
    assert name_classes(["dark_blue", "red"], None) == (["dark blue", "red"], [0, 1])


def test_mistakes__are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected openai, openai_7 or a text file"):
        read_templates("photos")
    lines = tmp_path / "names.txt"
    lines.write_text("red\ngreen\n")
    assert name_classes(["a", "b"], str(lines))[0] == ["red", "green"]
    with pytest.raises(DataError, match="2 names for 1 folder"):
        name_classes(["a"], str(lines))
    lines.write_text("a\tred\n")
    with pytest.raises(DataError, match="no name for b"):
        name_classes(["a", "b"], str(lines))
    with pytest.raises(DataError, match="found no folders"):
        run(ColourEncoder(), tmp_path, Options())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="found no pictures in empty"):
        run(ColourEncoder(), tmp_path, Options())
    paint(tmp_path / "empty" / "1.png", 1, 2, 3)
    with pytest.raises(ConfigError, match="two or more to choose from"):
        run(ColourEncoder(), tmp_path, Options())


def test_scenes__are_classified_as_by_the_model_in_use(
    folders: dict[str, Path], scenes: Path, tmp_path: Path
) -> None:
    sentences = ("{}", "a {}")  # of the few tokens that a text has here
    (tmp_path / "sentences.txt").write_text("\n".join(sentences))
    options = Options(templates=str(tmp_path / "sentences.txt"), batch_size=6)
    encoder = load_encoder(str(folders["siglip"]), device="cpu")
    found = run(encoder, scenes / "imagenet", options)
    mtv = MTV.from_pretrained(folders["siglip"], device="cpu")
    paths = sorted((scenes / "imagenet/val").glob("*/*"))
    scores = mtv.classify(paths, CLASSIFICATION_CLASSES, templates=sentences)
    right = torch.tensor([CLASSIFICATION_CLASSES.index(path.parent.name) for path in paths])
    assert len(paths) == 20 and len(scores[0].unique()) == 10  # no two names are one text
    assert found["top1"] == pytest.approx(100 * float((scores.argmax(1) == right).float().mean()))


@needs_samples
def test_photos__of_some_classes_among_all_names(folders: dict[str, Path], tmp_path: Path) -> None:
    # The names of all 1,000 by the list that lies beside the samples.
    rows = (SAMPLES / "imagenet/imagenet1k_wnids.tsv").read_text().splitlines()
    wnids = sorted(
        {word for row in rows for word in row.split() if word[0] == "n" and len(word) == 9}
    )
    assert len(wnids) == 1000
    names, _ = name_classes(wnids, None)
    lines = [f"{wnid}\t{name}" for wnid, name in zip(wnids, names, strict=True)]
    (tmp_path / "names.tsv").write_text("\n".join(lines))
    (tmp_path / "one.txt").write_text("a photo of a {}.")
    options = Options(names=str(tmp_path / "names.tsv"), templates=str(tmp_path / "one.txt"))
    encoder = load_encoder(str(folders["clip"]), device="cpu")
    found = run(encoder, SAMPLES / "imagenet", options)
    assert (found["pictures"], found["classes"]) == (50, 1000) and found["top5"] < 50
