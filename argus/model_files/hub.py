"""Models on the Hugging Face Hub: find one by name, save one with its card, publish one.

A repository holds what the folder of a model holds, and the card: ``model.safetensors``,
``config.json``, ``manifest.json``, ``README.md``. Reading them runs no code of theirs. Without a
network, what has been downloaded before is used; ``HF_HUB_OFFLINE=1`` does not even ask.
"""

import re
from pathlib import Path

from argus.errors import CheckpointError
from argus.files.together import place_of
from argus.model_files.model_card import model_card
from argus.model_files.weight_file import count_values
from argus.storage.model_folder import FILES, WEIGHTS, ModelFolder, read_manifest

CARD = "README.md"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_LOGIN = "log in with `hf auth login`, or set HF_TOKEN"


def resolve_model(path_or_repo: str | Path, revision: str | None = None) -> Path:
    """The folder of a model; downloaded if it is on the Hub alone.

    Args:
        path_or_repo: A local folder, which wins, or a repository ``OWNER/NAME``.
        revision: Branch, tag or commit of the repository; its main branch by default.

    Raises:
        CheckpointError: If there is neither, or the Hub cannot be reached or does not let us in.
    """
    path = Path(path_or_repo).expanduser()
    if path.is_dir():
        if revision is not None:
            raise CheckpointError(
                f"{path} is a local folder, which has no revision {revision!r}: leave it out."
            )
        return path
    if path.exists():
        raise CheckpointError(
            f"{path} is a file: expected the folder of a model. `argus merge` makes "
            "one of checkpoints."
        )
    repository = str(path_or_repo)
    if not _REPOSITORY.fullmatch(repository) or repository.startswith("."):
        raise CheckpointError(
            f"{path_or_repo}: no such folder (from {Path.cwd()}), and not the name of a repository "
            "on the Hugging Face Hub either, which is OWNER/NAME."
        )
    folder = _download(repository, revision)
    missing = [name for name in FILES if not place_of(folder, name).is_file()]
    if missing:
        raise CheckpointError(
            f"the repository {repository} holds no Argus model: {', '.join(missing)} missing."
        )
    return folder


def _download(repository: str, revision: str | None) -> Path:
    from huggingface_hub import errors, snapshot_download

    at = repository if revision is None else f"{repository} at {revision!r}"
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=[*FILES, CARD]))
    except errors.GatedRepoError as error:
        raise CheckpointError(
            f"{at} is gated: ask for access on its page on the Hub, then {_LOGIN}."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{repository} is neither a folder here (from {Path.cwd()}) nor a repository on the "
            f"Hugging Face Hub that we may see. Check the name; if it is private, {_LOGIN}."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise CheckpointError(
            f"the repository {repository} has no revision {revision!r}: expected a branch, a tag "
            "or a commit."
        ) from error
    except errors.HFValidationError as error:
        raise CheckpointError(f"{repository}: no such folder, and {error}") from error
    except (OSError, errors.HfHubHTTPError) as error:  # no network, server down, disk full
        raise CheckpointError(
            f"{repository} is no folder here (from {Path.cwd()}), and the Hugging Face Hub did not "
            f"give it: {_first_line(error)} Without a network, only models that have been "
            "downloaded before can be loaded by name; copy the folder here otherwise."
        ) from error


def save_model(model: ModelFolder, folder: str | Path, *, licence: str = "") -> Path:
    """Write a model and its card.

    Args:
        model: Config, tensors and manifest.
        folder: Where to; files of a model there are replaced.
        licence: The Hub's name of the model's licence, for the card, e.g. ``apache-2.0``.

    Returns:
        The folder.

    Raises:
        CheckpointError: If it cannot be written.
    """
    folder = Path(folder)
    model.write(folder)
    (folder / CARD).write_text(_card(folder, folder.resolve().name, licence), encoding="utf-8")
    return folder


def push_model(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    licence: str = "",
) -> str:
    """Publish the folder of a model; the repository is made if it is not there.

    The card is written anew for the repository unless the folder's has been edited.

    Args:
        folder: Folder of a model.
        repo_id: ``OWNER/NAME``.
        private: Whether a new repository is private.
        token: Token with the right to write; by default that of `hf auth login` or ``HF_TOKEN``.
        licence: As in :func:`save_model`.

    Returns:
        Address of the repository.

    Raises:
        CheckpointError: If the folder is not that of a model, or the Hub refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, errors

    folder = Path(folder)
    missing = [name for name in FILES if not place_of(folder, name).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder} is not the folder of a model: {', '.join(missing)} missing."
        )
    card = _card(folder, repo_id, licence)
    if (folder / CARD).is_file():
        written = (folder / CARD).read_text(encoding="utf-8")
        is_edited = written != _card(folder, folder.resolve().name, licence)
        card = written if is_edited else card
    operations = [CommitOperationAdd(name, place_of(folder, name)) for name in FILES]
    operations.append(CommitOperationAdd(CARD, card.encode()))
    api = HfApi(token=token, library_name="argus")
    try:
        url = api.create_repo(repo_id, private=private, exist_ok=True)
        api.create_commit(repo_id, operations, commit_message="Argus model")
    except errors.HFValidationError as error:
        raise CheckpointError(f"repository {repo_id!r}: expected OWNER/NAME. {error}") from error
    except (OSError, errors.HfHubHTTPError, errors.LocalTokenNotFoundError) as error:
        raise CheckpointError(
            f"{folder} could not be published as {repo_id}: {_first_line(error)} Publishing needs "
            f"a network and a token that may write there: {_LOGIN}, or pass token=."
        ) from error
    return str(url)


def _card(folder: Path, name: str, licence: str) -> str:
    manifest = read_manifest(folder)
    counts = count_values(place_of(folder, WEIGHTS), manifest)
    return model_card(manifest, name=name, num_values=counts, licence=licence)


def _first_line(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    text = text or type(error).__name__
    return text if text.endswith((".", "!")) else f"{text}."
