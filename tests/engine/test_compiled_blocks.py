"""Compiled blocks: the numbers of the plain ones, few graphs, and what they need."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from argus.engine import compiled_blocks
from argus.engine.compiled_blocks import compile_blocks, missing_compiler
from argus.errors import ConfigError
from argus.storage.checkpoint import read_checkpoint
from tests.engine.toy_training import train
from tests.models.backbones.toys import TOY_ARCH, open_gamma, shake, toy_adapter, toy_vit

SIZES = [(1, 64, 64), (2, 64, 64), (2, 64, 96), (3, 128, 96)]
BACKBONE = dict(
    type="ViTAdapter",
    vit=dict(
        type="DinoVisionTransformer",
        arch=dict(embed_dim=8, depth=4, num_heads=2),
        weights="random",
    ),
    freeze_vit=True,
    **dict(conv_inplane=4, norm_groups=4, num_interactions=2),
)


@pytest.fixture(autouse=True)
def _no_graphs_of_other_tests() -> None:
    torch.compiler.reset()


def made(*, freeze_vit: bool, with_cp: bool) -> nn.Module:
    return open_gamma(shake(toy_adapter(toy_vit(with_cp=with_cp), freeze_vit=freeze_vit))).train()


def results(model: nn.Module) -> list[Tensor]:
    """Maps and gradients for all sizes, then maps without gradients."""
    found: list[Tensor] = []
    for batch, height, width in SIZES:
        generator = torch.Generator().manual_seed(height + batch)
        images = torch.randn(batch, 3, height, width, generator=generator)
        maps = model(images)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        found += [level.detach() for level in maps]
        found += torch.autograd.grad(sum(level.square().mean() for level in maps), trained)
        with torch.no_grad():
            found += model(images)
    return found


@pytest.mark.parametrize(("freeze_vit", "with_cp"), [(True, False), (False, True)])
def test_compile_blocks__equal_numbers_from_few_graphs(freeze_vit: bool, with_cp: bool) -> None:
    graphs: list[GraphModule] = []

    def counted(graph: GraphModule, inputs: list[Tensor]) -> Callable:
        graphs.append(graph)
        return graph.forward

    expected = results(made(freeze_vit=freeze_vit, with_cp=with_cp))
    model = made(freeze_vit=freeze_vit, with_cp=with_cp)
    names = list(model.state_dict())
    assert compile_blocks(model, backend=counted) == TOY_ARCH["depth"]
    assert list(model.state_dict()) == names
    for found, value in zip(results(model), expected, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-5, atol=1e-6)
    # With gradients and without, for one image and for more; each graph is of a whole block.
    assert 1 <= len(graphs) <= 6


@pytest.mark.slow
def test_compile_blocks__by_inductor() -> None:
    if missing_compiler("cpu"):
        pytest.skip(f"needs {missing_compiler('cpu')}")
    expected = results(made(freeze_vit=False, with_cp=False))
    model = made(freeze_vit=False, with_cp=False)
    compile_blocks(model)
    for found, value in zip(results(model), expected, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-5)


def test_training__of_compiled_blocks_is_the_same_and_resumes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_blocks, "BACKEND", "eager")
    plain, _ = train(tmp_path / "plain", backbone=BACKBONE)
    changes = dict(backbone=BACKBONE, compile_vit=True)
    compiled, runner = train(tmp_path / "compiled", stop_after=2, **changes)
    assert (
        "4 blocks of the ViT will be compiled"
        in next(Path(runner.log_dir).glob("*.log")).read_text()
    )
    paths = [tmp_path / name / "iter_2.pth" for name in ("plain", "compiled")]
    assert (
        read_checkpoint(paths[0])["state_dict"].keys()
        == read_checkpoint(paths[1])["state_dict"].keys()
    )
    resumed, _ = train(tmp_path / "on", backbone=BACKBONE, resume=True, load_from=str(paths[1]))
    for found, expected in zip([*compiled, *resumed], plain, strict=True):
        assert found == pytest.approx(expected, rel=1e-4)


def test_compile_blocks__says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="the backbone has no ViT of Argus"):
        compile_blocks(nn.Linear(2, 2))
    with pytest.raises(ConfigError, match="does not go with train_cfg.schedule='packed'"):
        compile_blocks(toy_vit(), schedule="packed")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs a C\+\+ compiler \(.*CXX names another\)"):
        train(tmp_path, backbone=BACKBONE, compile_vit=True)
    monkeypatch.setenv("CC", "mycc")
    monkeypatch.setattr(compiled_blocks.importlib.util, "find_spec", lambda name: object())
    assert missing_compiler("cuda") == "a C compiler (mycc; CC names another)"
    monkeypatch.setattr(compiled_blocks.importlib.util, "find_spec", lambda name: None)
    assert missing_compiler("cuda") == "the package triton"
    with pytest.raises(ConfigError, match="compile_vit: expected True or False, found 'yes'"):
        train(tmp_path, compile_vit="yes")
