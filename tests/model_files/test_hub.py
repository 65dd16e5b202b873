"""Models by name: from a Hub on localhost, from a filled cache without a network, and back."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import ModelCard, constants

from argus.errors import CheckpointError
from argus.model_files import hub
from argus.model_files.hub import push_model, resolve_model, save_model
from argus.storage.model_folder import ModelFolder
from tests.model_files.fake_hub import TOKEN, FakeHub, serve
from tests.model_files.small_model import small_model, write_small_model

REPOSITORY = "somebody/model"


@pytest.fixture
def fake_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """An empty Hub, and an empty cache."""
    with serve(FakeHub()) as server:
        _use(monkeypatch, server.url, tmp_path / "cache")
        yield server


def _use(monkeypatch: pytest.MonkeyPatch, url: str, cache: Path) -> None:
    """What HF_ENDPOINT and HF_HUB_CACHE do at import."""
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(cache / "tokens"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def assert_same(found: Path, expected: ModelFolder) -> None:
    model = ModelFolder.read(found)
    assert model.config == expected.config and model.manifest == expected.manifest
    assert model.state.keys() == expected.state.keys()
    assert all(torch.equal(model.state[n], expected.state[n]) for n in model.state)


def test_push_and_resolve__round_trip(fake_hub: FakeHub, tmp_path: Path) -> None:
    folder = save_model(small_model(), tmp_path / "model")
    (folder / "secret.txt").write_text("not for others")
    url = push_model(folder, REPOSITORY, token=TOKEN, private=True)
    assert url == f"{fake_hub.url}/{REPOSITORY}"
    assert set(fake_hub.files[REPOSITORY]) == {*hub.FILES, "README.md"}
    assert REPOSITORY in fake_hub.private
    card = fake_hub.files[REPOSITORY]["README.md"].decode()
    assert f'Argus.from_pretrained("{REPOSITORY}")' in card
    fake_hub.files[REPOSITORY]["large_file_of_others.bin"] = b"0" * 1000
    found = resolve_model(REPOSITORY)
    assert_same(found, small_model())
    assert not (found / "large_file_of_others.bin").exists()
    assert not any("large_file" in request for request in fake_hub.requests)


def test_argus__pushes_what_it_saves(fake_hub: FakeHub) -> None:
    """By the method, with a model in memory instead of a network of torch modules."""
    from argus.api import Argus

    class Loaded(Argus):
        def __init__(self) -> None:
            self.folder, self.tasks = small_model(), dict.fromkeys(("depth", "instance"))
            self.model = SimpleNamespace(state_dict=lambda: self.folder.state)

    url = Loaded().push_to_hub(REPOSITORY, token=TOKEN, licence="apache-2.0")
    assert url == f"{fake_hub.url}/{REPOSITORY}" and REPOSITORY not in fake_hub.private
    assert_same(resolve_model(REPOSITORY), small_model())
    card = ModelCard(fake_hub.files[REPOSITORY]["README.md"].decode())
    assert card.data.license == "apache-2.0" and card.data.model_name == "model"


def test_push__keeps_a_card_that_was_edited(fake_hub: FakeHub, tmp_path: Path) -> None:
    folder = save_model(small_model(), tmp_path / "model")
    (folder / "README.md").write_text("# Mine\n")
    push_model(folder, REPOSITORY, token=TOKEN)
    assert fake_hub.files[REPOSITORY]["README.md"] == b"# Mine\n"


@pytest.mark.parametrize("token", [None, "hf_wrong"])
def test_push__without_a_token_that_may(
    fake_hub: FakeHub, tmp_path: Path, token: str | None
) -> None:
    folder = write_small_model(tmp_path / "model")
    with pytest.raises(CheckpointError, match="could not be published.*hf auth login"):
        push_model(folder, REPOSITORY, token=token)


def test_push__folder_of_no_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="safetensors"):
        push_model(tmp_path, REPOSITORY)


def test_push__bad_name(fake_hub: FakeHub, tmp_path: Path) -> None:
    folder = write_small_model(tmp_path / "model")
    with pytest.raises(CheckpointError, match="expected OWNER/NAME"):
        push_model(folder, "a/b/c", token=TOKEN)


def test_resolve__local_folder_wins(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(REPOSITORY)
    folder.mkdir(parents=True)
    assert resolve_model(REPOSITORY) == folder
    assert fake_hub.requests == []
    with pytest.raises(CheckpointError, match="local folder.*revision 'v1'"):
        resolve_model(folder, "v1")


def test_resolve__second_time_without_network(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_model(write_small_model(tmp_path / "model"), REPOSITORY, token=TOKEN)
    first = resolve_model(REPOSITORY)
    _use(monkeypatch, "http://127.0.0.1:9", tmp_path / "cache")
    assert resolve_model(REPOSITORY) == first
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert resolve_model(REPOSITORY) == first
    assert resolve_model(REPOSITORY, fake_hub.commit(REPOSITORY)) == first


def test_resolve__cache_that_was_copied_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layout of the cache, by hand: snapshots, and the branch that points at one."""
    commit, place = "0" * 40, tmp_path / "cache" / "models--somebody--model"
    write_small_model(place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(commit)
    _use(monkeypatch, "http://127.0.0.1:9", tmp_path / "cache")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert_same(resolve_model(REPOSITORY), small_model())


def test_resolve__no_network_and_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, "http://127.0.0.1:9", tmp_path / "cache")
    with pytest.raises(CheckpointError, match="no folder here.*Without a network"):
        resolve_model(REPOSITORY)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="no folder here.*Without a network"):
        resolve_model(REPOSITORY)


def test_resolve__unknown_repository(fake_hub: FakeHub) -> None:
    with pytest.raises(CheckpointError, match="neither a folder here .* nor a repository"):
        resolve_model("work_dirs/typo")


def test_resolve__gated_repository(fake_hub: FakeHub) -> None:
    fake_hub.gated.add(REPOSITORY)
    with pytest.raises(CheckpointError, match="gated: ask for access.*hf auth login"):
        resolve_model(REPOSITORY)


def test_resolve__unknown_revision(fake_hub: FakeHub, tmp_path: Path) -> None:
    push_model(write_small_model(tmp_path / "model"), REPOSITORY, token=TOKEN)
    with pytest.raises(CheckpointError, match="no revision 'v9'"):
        resolve_model(REPOSITORY, "v9")


def test_resolve__repository_of_another_kind(fake_hub: FakeHub) -> None:
    fake_hub.files[REPOSITORY] = {"config.json": b"{}", "pytorch_model.bin": b"evil"}
    with pytest.raises(CheckpointError, match="no Argus model: model.safetensors, manifest.json"):
        resolve_model(REPOSITORY)
    assert not any("pytorch_model" in request for request in fake_hub.requests)


@pytest.mark.parametrize("name", ["nothing_here", "/no/such/folder", "./no/such", "../up", "a b/c"])
def test_resolve__what_can_be_no_repository(name: str) -> None:
    with pytest.raises(CheckpointError, match="no such folder.*OWNER/NAME"):
        resolve_model(name)


def test_resolve__file(tmp_path: Path) -> None:
    (tmp_path / "iter_1.pth").touch()
    with pytest.raises(CheckpointError, match="is a file.*argus merge"):
        resolve_model(tmp_path / "iter_1.pth")


def test_save__reads_back(tmp_path: Path) -> None:
    folder = save_model(small_model(), tmp_path / "model")
    assert_same(folder, small_model())
    assert 'Argus.from_pretrained("model")' in (folder / "README.md").read_text()
