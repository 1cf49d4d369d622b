"""Models on the Hugging Face Hub, fetched into its own cache."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from gan_zoo.errors import UserError, first_line
from gan_zoo.runs.published import CONFIG, LIBRARY, RECIPE, TENSORS, PublishedRun, is_published
from gan_zoo.runs.shared import Shared

HUB = "hub:"
INSTALL = "pip install 'gan-zoo[hub]'"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")  # owner/name
TEXTS = (CONFIG, RECIPE)  # judged before anything large is asked for
FILES = (*TEXTS, TENSORS, "styles/*.json", "styles/*.safetensors")


def split_name(name: str) -> tuple[str, str | None]:
    """hub:OWNER/NAME[@REVISION] -> OWNER/NAME, and the revision where one is said.

    Raises:
        UserError: it is none.
    """
    model, at, revision = name.removeprefix(HUB).partition("@")
    if not NAME.fullmatch(model) or ".." in model or (at and not revision):
        raise UserError(
            f"{name} came; hub:OWNER/NAME was expected, or hub:OWNER/NAME@REVISION with a branch, "
            "a tag or a commit"
        )
    return model, revision or None


def fetch(name: str) -> Path:
    """Fetch what makes pictures of a model, or find it in the hub's cache: first its texts, and
    where they are of a model of gan-zoo that can be used here, the rest of that same commit.

    Args:
        name: hub:OWNER/NAME[@REVISION].

    Returns:
        The folder in that cache.

    Raises:
        UserError: there is no such model, it may not be read, or the hub cannot be reached; or it
            is another program's, damaged, or needs a plugin.
    """
    model, revision = split_name(name)
    folder = _download(name, model, revision, TEXTS)
    if not is_published(folder):
        raise UserError(f"{name} is not a model of gan-zoo: it has no config.json")
    PublishedRun(folder, None, Shared(name), tensors=False).recipe()
    return _download(name, model, folder.name, FILES)  # a snapshot is called as its commit


def _download(name: str, model: str, revision: str | None, files: Iterable[str]) -> Path:
    """The folder in the hub's cache that holds these files. Raises as `fetch`."""
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise UserError(f"{name} needs the package huggingface-hub: {INSTALL}") from None
    try:
        folder = hub.snapshot_download(
            model,
            revision=revision,
            allow_patterns=[*files],
            library_name=LIBRARY,
            library_version=metadata.version(LIBRARY),
        )
    except errors.GatedRepoError:
        told = "its owner lets in who asks: ask on its page, then `hf auth login`"
        raise UserError(f"{name} is closed to you; {told}") from None
    except errors.RepositoryNotFoundError:
        told = "is not on the hub, or is private: compare the name, or `hf auth login`"
        raise UserError(f"{name} {told}") from None
    except errors.RevisionNotFoundError:
        raise UserError(f"{name}: the model has no revision {revision}") from None
    except (errors.EntryNotFoundError, http_error(), OSError, ValueError) as problem:
        cause = problem.__cause__ or problem
        raise UserError(
            f"{name} is not whole in this machine's cache, and the hub gave no answer "
            f"({type(cause).__name__}: {first_line(cause)}). Once with a connection (and without "
            "HF_HUB_OFFLINE), it is there from then on; or copy the model's folder to this machine "
            "and name that"
        ) from None
    return Path(folder)


def http_error() -> type[Exception]:
    """What the library that huggingface_hub asks by raises where there is no answer."""
    from huggingface_hub import errors

    found: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]  # httpx's or httpx2's
    return found
