"""Metrics of results that others have published, against the numbers of the original programs.

Below the sample data, where they are there: ``small/bsds500/ucm2/test/*.mat``, the contours of
gPb-owt-ucm as BSDS500 ships them; ``small/sod/maps/<method>/<picture>.png``, saliency maps of SOD
as https://github.com/ArcherFMY/sal_eval_toolbox ships them.
"""

import cv2
import numpy as np
import pytest
from scipy.io import loadmat

from argus.evaluation.metrics import BoundaryMetric, SaliencyMetric
from tests.real_data.samples import SAMPLES

BSDS = SAMPLES / "small/bsds500"
SOD = SAMPLES / "small/sod"

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not (BSDS / "ucm2/test").is_dir(), reason="no contours of BSDS500")
def test_boundaries__of_gpb_owt_ucm() -> None:
    """All annotators; ODS, OIS and AP of the benchmark's own program are .7263, .7595 and .7266.

    It takes values of more than 8 bits, and does not thin the labels.
    """
    metric = BoundaryMetric(tolerance=0.0075, suppress=False)
    paths = sorted((BSDS / "ucm2/test").glob("*.mat"))
    for path in paths:
        annotations = loadmat(BSDS / f"groundTruth/test/{path.name}")["groundTruth"][0]
        labels = np.stack([annotation["Boundaries"][0, 0] for annotation in annotations])
        contours = loadmat(path)["ucm2"][2::2, 2::2]
        metric.update({"gt_boundary": {"data": labels}, "pred_boundary": {"data": contours[None]}})
    assert len(paths) == 200
    found = metric.evaluate(200)
    assert found["odsF"] == pytest.approx(0.7263, abs=2e-3)
    assert found["oisF"] == pytest.approx(0.7595, abs=3e-3)
    assert found["AP"] == pytest.approx(0.7266, abs=5e-3)


@pytest.mark.skipif(not (SOD / "maps").is_dir(), reason="no saliency maps of SOD")
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("DSS", dict(maxF_image=0.8439217878, S_measure=0.7513683123)),
        ("Amulet", dict(maxF_image=0.8060603771, S_measure=0.7579203361)),
        ("PiCANet", dict(maxF_image=0.8534208110, S_measure=0.7904766551)),
    ],
)
def test_saliency__of_published_maps(method: str, expected: dict[str, float]) -> None:
    metric = SaliencyMetric()
    paths = sorted((SOD / "masks").glob("*.png"))
    for path in paths:
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 25
        values = cv2.imread(str(SOD / "maps" / method / path.name), cv2.IMREAD_GRAYSCALE)
        metric.update(
            {
                "gt_saliency": {"data": mask[None].astype(np.uint8)},
                "pred_saliency": {"data": values[None] / 255},
            }
        )
    assert len(paths) == 300
    found = metric.evaluate(300)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)
