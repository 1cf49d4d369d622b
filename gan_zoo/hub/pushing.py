"""A run -> a model that others load: a folder in a hub's layout, or a repository on the hub."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError, unreadable
from gan_zoo.hub.layout import write_layout
from gan_zoo.hub.licenses import judge_license
from gan_zoo.hub.upload import upload
from gan_zoo.reporter import Reporter
from gan_zoo.runs.fetching import HUB, NAME, split_name
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.published import is_published

LONGEST = 100_000  # letters of a data statement


def push(
    run: str | Path | RunFolder,
    to: str | Path,
    *,
    license: str | None = None,
    license_link: str | None = None,
    weights: str | None = None,
    data_statement: str | Path | None = None,
    samples: bool = True,
    private: bool = False,
    message: str | None = None,
    reporter: Reporter | None = None,
) -> str:
    """Hand a trained model on: what makes pictures of a run, its recipe, and a card for people, in
    the layout of the Hugging Face Hub. Nothing of training is in it: no state, no data but the
    samples. Paths are shortened in the recipe, and refused where they are found in a text.

    Args:
        run: The run's folder.
        to: owner/name, or hub:owner/name, on the hub; or a folder that does not exist, as ./name.
        license: What others may do with the model, as apache-2.0. Nothing is pushed without.
        license_link: The address of its text, of license other.
        weights: latest, best, or others that the run keeps; what the recipe says if absent.
        data_statement: Where the data came from, whom it shows, its license: a text, or a file.
        samples: Show the sheet of previews, which has pictures of the data. One that an earlier
            push uploaded stays in the history of the repository all the same.
        private: Make the repository private. One that is public already is refused.
        message: Of the commit.
        reporter: Told what is left out, and what is shown.

    Returns:
        What `gan_zoo.load` takes.

    Raises:
        UserError: no run, no such weights, no license, a place that is taken, a path of this
            machine in a text; or the hub gives no answer, or refuses.
        OSError: the disk is full or gone; names the file.
    """
    reporter = reporter or Reporter(quiet=True)
    judged = judge_license(license, license_link)
    folder = run if isinstance(run, RunFolder) else RunFolder.open(run)
    if folder.shared or is_published(folder.path):
        raise UserError(
            f"{folder.path} is no run's own folder but one that was handed on; push the run, or "
            f"upload the folder as it is: hf upload OWNER/NAME {folder.path}"
        )
    model, target = _place(to)
    statement = _statement(data_statement)
    if not statement:
        reporter.say(
            "The card says that nobody said where the data came from, whom it shows, and its "
            "license; --data-statement TEXT or FILE says it"
        )
    words: dict[str, Any] = {
        "weights": weights,
        "license": judged,
        "statement": statement,
        "samples": samples,
        "reporter": reporter,
    }
    if target is not None:
        if private or message:
            raise UserError(f"{to} is a folder; private and message are of the hub's OWNER/NAME")
        _write(folder, target, words)
        return str(target)
    with tempfile.TemporaryDirectory(prefix="gan-zoo-") as place:
        title = model.partition("/")[2]
        write_layout(folder, Path(place), title=title, address=f"{HUB}{model}", **words)
        said = message or f"{title}, pushed by gan-zoo"
        upload(Path(place), model, private=private, message=said)
    return f"{HUB}{model}"


def _place(to: str | Path) -> tuple[str, Path | None]:
    """OWNER/NAME on the hub, or a folder.

    Raises:
        UserError: it may be either, the folder is taken, or it is no name.
    """
    said = str(to)
    if said.startswith(HUB):
        model, revision = split_name(said)
        if revision:
            raise UserError(f"{said}: what is pushed becomes the newest; leave @{revision} out")
        return model, None
    path = Path(to)
    if isinstance(to, str) and NAME.fullmatch(said):
        if path.parent.exists():
            raise UserError(
                f"{said} may be a model on the hub or a folder here, as {path.parent} exists; say "
                f"hub:{said} or ./{said}"
            )
        return said, None
    if path.exists():
        raise UserError(f"{path} exists; name another folder, or remove it")
    return "", path


def _write(run: RunFolder, target: Path, words: dict[str, Any]) -> None:
    """The folder, whole or not there.

    Raises:
        UserError: it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        part.mkdir(parents=True)
    except FileExistsError:
        raise UserError(f"{part} was left by a push that was cut; remove it") from None
    except OSError as problem:
        raise UserError(f"{target} cannot be written: {problem.strerror or problem}") from None
    try:
        write_layout(run, part, title=target.name, address=target.name, **words)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _statement(said: str | Path | None) -> str:
    """A text, or what a file of that name says.

    Raises:
        UserError: the file cannot be read.
    """
    if said is None:
        return ""
    text = str(said)
    named = isinstance(said, Path) or (len(text) < 4096 and "\n" not in text and _is_file(text))
    if named:
        try:
            text = Path(said).read_text(encoding="utf-8")
        except OSError as problem:
            raise UserError(f"data statement: {unreadable(problem)}") from None
        except UnicodeDecodeError:
            raise UserError(f"data statement: {said} is no text in UTF-8") from None
    if len(text) > LONGEST:
        raise UserError(f"data statement: {len(text):,} letters came; at most {LONGEST:,} go")
    return text.strip()


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # a name that no system takes
        return False
