"""What the data of a task are called."""

from argus.datasets.camvid import CamVid
from argus.datasets.coco import CocoInstances
from argus.model_files.data_name import data_name


def test_a_set_is_called_by_its_class__a_format_by_the_folder_it_reads() -> None:
    named = {
        "CamVid": dict(type=CamVid, data_root="data/small/camvid"),
        "CocoInstances": dict(type=CocoInstances, data_root="data/coco/"),
        "nuclei": dict(type=CocoInstances, data_root="data/small/nuclei"),
        "bccd": dict(type="XMLDataset", data_root="data/small/bccd"),
        "plates": dict(type="OwnDetection", data="/home/me/plates/"),
        "flowers": dict(
            type="RepeatDataset", dataset=dict(type="ClassFolders", data_root="flowers")
        ),
        "ClassFolders": dict(type="ClassFolders"),
    }
    assert {name: data_name(dataset) for name, dataset in named.items()} == {n: n for n in named}
    assert data_name({}) is None
