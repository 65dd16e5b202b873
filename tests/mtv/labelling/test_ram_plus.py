"""RAM++: its network by hand, the names of its weights, and its thresholds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import transforms

from argus.errors import CheckpointError, ConfigError
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.taggers.ram_plus import RamPlus
from argus.mtv.labelling.taggers.ram_plus_network import WIDTH, RamPlusNetwork, TagLayer, own_names
from tests.mtv.labelling.test_depth import smooth

pytest.importorskip("timm", reason="python -m pip install 'timm>=1.0.20,<2'")

TAGS = ["ball", "cube", "tree", "sky", "snow"]
SIZES = dict(
    side=32,
    num_descriptions=3,
    swin=dict(embed_dim=8, depths=(2, 1), num_heads=(1, 2), window_size=4),
    hidden=16,
    num_heads=2,
)


def network() -> RamPlusNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = RamPlusNetwork(num_tags=len(TAGS), **SIZES)  # type: ignore[arg-type]
        for value in found.parameters():
            nn.init.normal_(value, std=0.3)
    return found.eval()


def theirs(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """By the names of the authors' code, written out."""
    found = {}
    for name, value in state.items():
        name = name.replace("vision.layers.1.downsample.", "visual_encoder.layers.0.downsample.")
        for own, other in (
            ("vision_out.", "image_proj."),
            ("descriptions", "label_embed"),
            ("scale", "reweight_scale"),
            ("tags_in.", "wordvec_proj."),
        ):
            name = other + name[len(own) :] if name.startswith(own) else name
        if name.startswith("vision."):
            name = f"visual_encoder.{name.removeprefix('vision.')}"
        elif name.startswith("layers."):
            _, number, module, kind = name.split(".")
            other = dict(
                query="crossattention.self.query",
                key="crossattention.self.key",
                value="crossattention.self.value",
                out="crossattention.output.dense",
                norm="crossattention.output.LayerNorm",
                widen="intermediate.dense",
                narrow="output.dense",
                last_norm="output.LayerNorm",
            )[module]
            name = f"tagging_head.encoder.layer.{number}.{other}.{kind}"
        elif name.startswith("out."):
            name = f"fc.{name.removeprefix('out.')}"
        found[name] = value
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("ram")
    state = theirs(network().state_dict())
    state["visual_encoder.layers.0.blocks.1.attn_mask"] = torch.zeros(1)
    torch.save({"model": state}, folder / "ram.pth")
    (folder / "tags.txt").write_text("\n".join(TAGS))
    return dict(weights=str(folder / "ram.pth"), tags=str(folder / "tags.txt"))


def test_layer__is_attention_to_the_picture_and_an_mlp() -> None:
    torch.manual_seed(1)
    layer = TagLayer(16, 2, 64)
    tags, picture = torch.randn(2, 5, 16), torch.randn(2, 7, WIDTH)
    attention = nn.MultiheadAttention(16, 2, kdim=WIDTH, vdim=WIDTH, batch_first=True)
    biases = torch.cat([layer.query.bias, layer.key.bias, layer.value.bias])
    attention.load_state_dict(
        dict(
            q_proj_weight=layer.query.weight,
            k_proj_weight=layer.key.weight,
            v_proj_weight=layer.value.weight,
            in_proj_bias=biases,
            **{f"out_proj.{name}": value for name, value in layer.out.state_dict().items()},
        )
    )
    seen = layer.norm(attention(tags, picture, picture)[0] + tags)
    mlp = nn.Sequential(layer.widen, nn.GELU(), layer.narrow)
    torch.testing.assert_close(layer(tags, picture), layer.last_norm(mlp(seen) + seen))


def test_network__weighs_descriptions_by_the_picture() -> None:
    model, picture = network(), torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        tokens = model.vision.forward_features(picture)[0].reshape(-1, 16).numpy()
        everything = np.concatenate([tokens.mean(0, keepdims=True), tokens])
        weight, bias = (value.numpy() for value in model.vision_out.parameters())
        seen = everything @ weight.T + bias
        whole = seen[0] / np.linalg.norm(seen[0])
        tags = []
        for texts in model.descriptions.numpy().reshape(len(TAGS), 3, WIDTH):
            fit = np.exp(np.exp(model.scale.item()) * texts @ whole)
            weight, bias = (value.numpy() for value in model.tags_in.parameters())
            tags.append(np.maximum(weight @ (fit / fit.sum() @ texts) + bias, 0))
        values = torch.tensor(np.array(tags))[None].float()
        for layer in model.layers:
            values = layer(values, torch.tensor(seen)[None])
        torch.testing.assert_close(model(picture), model.out(values)[..., 0], rtol=1e-4, atol=1e-5)


def test_names__are_those_of_the_authors_without_rest() -> None:
    state = network().state_dict()
    found, left = own_names(theirs(state) | {"text_decoder.cls.bias": torch.zeros(1)})
    assert left == ["text_decoder.cls.bias"] and set(found) == set(state)
    assert all(found[name] is state[name] for name in state)
    old = {name.replace("tagging_head", "vision_multi"): v for name, v in theirs(state).items()}
    assert set(own_names(old)[0]) == set(state)


def test_tags__are_those_above_their_thresholds(files: dict[str, str], tmp_path: Path) -> None:
    pixels = smooth(40, 60, 1)
    prepare = transforms.Compose(
        [
            transforms.Resize((32, 32)),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    tagger = RamPlus(**files, network=SIZES, threshold=0.0)  # type: ignore[arg-type]
    prepared = tagger.prepare(Picture(pixels=pixels))
    torch.testing.assert_close(prepared, prepare(Image.fromarray(pixels)))
    with torch.no_grad():
        scores = network()(prepared[None])[0].sigmoid()
    ranked = [TAGS[tag] for tag in scores.argsort(descending=True)]
    assert tagger.tags([prepared, prepared]) == [ranked, ranked]
    bars = [float(score) + (0.01 if tag % 2 else -0.01) for tag, score in enumerate(scores)]
    (tmp_path / "bars.txt").write_text("\n".join(map(str, bars)))
    strict = RamPlus(**files, network=SIZES, thresholds=str(tmp_path / "bars.txt"))  # type: ignore[arg-type]
    assert strict.tags([prepared])[0] == [tag for tag in ranked if TAGS.index(tag) % 2 == 0]
    assert strict.settings["thresholds"] != tagger.settings["thresholds"]


def test_weights__that_do_not_fit_are_refused(files: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "tags.txt"
    other.write_text("\n".join(TAGS[1:]))
    with pytest.raises(CheckpointError, match=r"descriptions \(\(12, 512\) in the m"):
        RamPlus(weights=files["weights"], tags=str(other), network=SIZES)
    state = theirs(network().state_dict())
    del state["fc.bias"]
    save_file(state | {"text_decoder.bias": torch.zeros(1)}, tmp_path / "less.safetensors")
    with pytest.warns(UserWarning, match="1 tensor that RAM\\+\\+ has no use for"):
        with pytest.raises(CheckpointError, match=r"missing \(1\): \S*out\.bias"):
            RamPlus(weights=str(tmp_path / "less.safetensors"), tags=files["tags"], network=SIZES)
    with pytest.raises(CheckpointError, match="cannot be read"):
        RamPlus(weights=str(tmp_path / "absent.pth"), tags=files["tags"], network=SIZES)
    other.write_text("0.5")
    with pytest.raises(ConfigError, match="has 1 line; expected a number in"):
        RamPlus(**files, thresholds=str(other), network=SIZES)  # type: ignore[arg-type]
