"""A folder -> a repository on the Hugging Face Hub."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from gan_zoo.errors import UserError, first_line
from gan_zoo.runs.fetching import INSTALL, http_error
from gan_zoo.runs.published import LIBRARY, SAMPLES

STALE = ("styles/*", SAMPLES)  # of an earlier push, where this one has none


def upload(folder: Path, model: str, *, private: bool, message: str) -> None:
    """Make the repository where there is none, and commit the folder to it.

    Args:
        folder: In the hub's layout.
        model: OWNER/NAME.
        private: Whether only its owner may see it.
        message: Of the commit.

    Raises:
        UserError: the hub gives no answer, or refuses; or it is public and was to be private.
    """
    try:
        import huggingface_hub as hub
    except ImportError:
        raise UserError(f"{model} needs the package huggingface-hub: {INSTALL}") from None
    api = hub.HfApi(library_name=LIBRARY, library_version=metadata.version(LIBRARY))
    try:
        api.create_repo(model, private=private or None, exist_ok=True)
        if private and not api.model_info(model).private:
            raise UserError(
                f"{model} exists and is public, so nothing was uploaded; make it private in its "
                "settings on the hub, or push without private"
            )
        api.upload_folder(
            repo_id=model,
            folder_path=folder,
            commit_message=message,
            delete_patterns=[*STALE],
        )
    except (http_error(), OSError, ValueError) as problem:
        raise UserError(
            f"{model} was not uploaded ({type(problem).__name__}: {first_line(problem)}). Who may "
            "write there says `hf auth login` first; without a connection, push to a folder, and "
            f"later: hf upload {model} FOLDER"
        ) from None
