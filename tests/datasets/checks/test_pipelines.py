"""Every step of a pipeline that cannot be built is named by its place."""

from mmengine.dataset import ConcatDataset, RepeatDataset

from argus.datasets.checks.pipelines import pipeline_problems

GOOD = dict(type="mmcv.RandomFlip", prob=0.5)
SHORT = dict(type="mmcv.RandomFlip", prop=0.5)
UNKNOWN = dict(type="mmcv.RandomFlop", prob=0.5)


def test_pipelines__of_wrappers_and_of_the_sets_inside() -> None:
    part = dict(type="x", pipeline=[GOOD, SHORT])
    repeated = dict(type=RepeatDataset, dataset=dict(type="x", pipeline=[UNKNOWN]))
    config = dict(type=ConcatDataset, datasets=[part, repeated], pipeline=[SHORT])
    found = list(pipeline_problems(config, where="dataset"))
    assert [text.split(": ")[0] for text in found] == [
        "dataset.pipeline[0]",
        "dataset.datasets[0].pipeline[1]",
        "dataset.datasets[1].dataset.pipeline[0].type",
    ]
    assert "unknown key 'prop' of RandomFlip" in found[0] and "'mmcv.RandomFlop'" in found[2]


def test_pipelines__steps_inside_steps() -> None:
    choice = dict(type="mmcv.RandomChoice", transforms=[[GOOD], [GOOD, SHORT], [UNKNOWN]])
    config = dict(type="x", pipeline=[choice, dict(prob=1), GOOD])
    found = list(pipeline_problems(config, where="dataset"))
    assert [text.split(": ")[0] for text in found] == [
        "dataset.pipeline[0].transforms[1][1]",
        "dataset.pipeline[0].transforms[2][0].type",
        "dataset.pipeline[1]",
    ]
    assert list(pipeline_problems(dict(type="x", pipeline=[GOOD]), where="dataset")) == []


def test_pipelines__what_a_constructor_raises_is_a_sentence() -> None:
    wrong = dict(type="mmcv.RandomFlip", prob=7)
    (text,) = pipeline_problems(dict(pipeline=[wrong]), where="dataset")
    assert text.startswith("dataset.pipeline[0]: ValueError: probs must be float")
