"""The graph of every kind of task, before it is translated, against the library."""

import torch

from argus.api import Argus
from argus.export.check import above, measure
from argus.export.graph import ExportGraph, export_form
from argus.export.images import check_images
from argus.export.options import ExportOptions
from argus.export.plan import plan_graphs
from argus.export.tolerances import tolerances_of
from tests.tiny_model import TASKS


def test_graph__gives_the_answers_of_the_library(tiny_model_folder):
    model = Argus.from_pretrained(tiny_model_folder, device="cpu", dtype="fp32")
    plans, skipped = plan_graphs(model, "all", [(64, 96)], stem="tiny", plain_name=False)
    assert [plan.name for plan in plans] == ["tiny_64x96", "tiny_keypoints_96x64"]
    assert not skipped
    compared = {}
    for plan in plans:
        graph = ExportGraph(model.model.backbone, plan.heads, plan.normaliser).eval()
        outputs = graph.outputs()

        def run(images, graph=graph, outputs=outputs):
            with export_form():
                found = graph(torch.from_numpy(images))
            for output, value in zip(outputs, found, strict=True):
                assert tuple(value.shape) == (len(images), *output.axes[1:]), output
                assert str(value.dtype).removeprefix("torch.") == output.dtype, output
            return {o.name: v.numpy() for o, v in zip(outputs, found, strict=True)}

        pictures = check_images(None, plan.size)[:2]
        differences = measure(run, plan, model, pictures, ExportOptions(format="torch"))
        kinds = {task: model.tasks[task].kind for task in differences}
        assert not above(differences, tolerances_of(kinds, "fp32", None))
        compared |= differences
    assert set(compared) == set(TASKS)
