import torch
from scipy.spatial.transform import Rotation

from argus.mtv.evaluation.matching.camera import (
    angle_of,
    moved,
    points_of,
    pose_of,
    rotation_of,
    seen_at,
)


def test_rotation_of__scipy_for_any_length():
    quaternions = torch.randn(20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    expected = Rotation.from_quat(quaternions.numpy(), scalar_first=True)
    torch.testing.assert_close(rotation_of(quaternions), torch.from_numpy(expected.as_matrix()))
    torch.testing.assert_close(
        angle_of(rotation_of(quaternions)), torch.from_numpy(expected.magnitude()) * 180 / torch.pi
    )
    assert angle_of(torch.eye(3)) == 0


def test_points_of__are_seen_where_they_come_from():
    depth = torch.rand(6, 8, generator=torch.Generator().manual_seed(0)) + 1
    depth[0, 0] = 0
    points = points_of(depth, 5.0)
    assert not points[:, 0, 0].any()
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
    found = seen_at(points.flatten(1).T, 5.0)[1:]
    expected = torch.stack([columns + 0.5 - 4, rows + 0.5 - 3], -1).flatten(0, 1)[1:]
    torch.testing.assert_close(found, expected)


def test_moved__into_a_camera_and_out_of_it():
    pose = pose_of(torch.tensor([0.5, 0.1, -0.7, 0.2]), torch.tensor([1.0, 2.0, 3.0]))
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(moved(moved(points, pose), pose.inverse()), points)
    turned = pose_of(torch.tensor([1.0, 0, 0, 1.0]), torch.tensor([0.0, 0, 1.0]))  # 90 deg about z
    torch.testing.assert_close(
        moved(torch.tensor([[1.0, 0, 0]]), turned), torch.tensor([[0.0, 1.0, 1.0]])
    )
