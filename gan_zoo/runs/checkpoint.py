"""What resume needs, as safetensors and JSON with a checksum. A checkpoint is a folder that gets
its name only when all of it is on disk; the one before it stays until then.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_zoo.runs.atomic import sync_folder, write_file
from gan_zoo.runs.tensor_files import stream_tensors

TENSORS, META = "tensors.safetensors", "state.json"
FORMAT = 1
KEEP = 2  # the last one, and the one before it in case the disk lost a sector


@dataclass
class Position:
    """How far a run is.

    Args:
        phase: The phase that is played.
        phase_step: Steps done in it.
        step: Steps done in all.
        passes: Passes over the data begun in earlier phases.
        log_bytes: Length of log.jsonl; what came after it is forgotten on resume.
        best: The best validation score of the phase so far.
        looked: Whether the pictures of this step were looked at, where it ends an epoch or a phase:
            a checkpoint comes before that.
        watched: The best score of the phase so far that early_stop watches.
        waited: Scores in a row since then.
        ended_early: Whether that ended the phase.
        recent: The losses by label since the last line of the log; some are not made on every step.
    """

    phase: str
    phase_step: int = 0
    step: int = 0
    passes: int = 0
    log_bytes: int = 0
    best: float | None = None
    looked: bool = True
    watched: float | None = None
    waited: int = 0
    ended_early: bool = False
    recent: dict[str, float] = field(default_factory=dict)


def save(folder: Path, position: Position, state: Mapping[str, Any]) -> Path:
    """Write one checkpoint and drop the oldest.

    Args:
        folder: The run's state folder.
        position: How far the run is.
        state: Nested mappings of tensors and plain numbers.

    Raises:
        OSError: the disk is full or gone; names the file, and every earlier checkpoint is intact.
    """
    flat = dict(_flat(state))
    tensors = {key: value for key, value in flat.items() if isinstance(value, Tensor)}
    checksum = hashlib.sha256()
    target = folder / f"step-{position.step:09d}"
    temporary = folder / f".{target.name}.tmp"
    folder.mkdir(parents=True, exist_ok=True)
    drop_unfinished(folder)
    try:
        temporary.mkdir()
        write_file(temporary / TENSORS, _hashed(stream_tensors(tensors), checksum))
        meta = {
            "format": FORMAT,
            "position": asdict(position),
            "plain": {key: value for key, value in flat.items() if key not in tensors},
            "sha256": checksum.hexdigest(),
        }
        write_file(temporary / META, json.dumps(meta, indent=1))
        sync_folder(temporary)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    aside = folder / f".{target.name}.old"
    if target.exists():  # of a resume that saves where it began, or a damaged one
        target.rename(aside)
    temporary.rename(target)
    sync_folder(folder)
    shutil.rmtree(aside, ignore_errors=True)
    for old in saved(folder)[KEEP:]:
        shutil.rmtree(old)
    return target


def saved(folder: Path) -> list[Path]:
    """Checkpoints that were written to the end, newest first."""
    return sorted(folder.glob("step-*"), reverse=True) if folder.is_dir() else []


def last_step(folder: Path) -> int:
    """The step of the newest one that was written to the end; 0 where there is none."""
    return next((int(path.name.rpartition("-")[2]) for path in saved(folder)), 0)


def drop_unfinished(folder: Path) -> list[Path]:
    """Remove what was being written when a run was cut; returns what that was. What it was to
    take the place of is put back.
    """
    if not folder.is_dir():
        return []
    for aside in folder.glob(".step-*.old"):
        target = folder / aside.name.removeprefix(".").removesuffix(".old")
        if target.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(target)
    found = sorted(folder.glob(".step-*.tmp"))
    for path in found:
        shutil.rmtree(path)
    return found


def load(path: Path) -> tuple[Position, dict[str, Any]]:
    """Read one checkpoint back.

    Raises:
        ValueError: it is damaged; says how.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        meta = json.loads((path / META).read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise ValueError(f"{META} has the format {meta['format']}; {FORMAT} was expected")
        with (path / TENSORS).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != meta["sha256"]:
            raise ValueError(f"the checksum of {TENSORS} is wrong")
        tensors = load_file(path / TENSORS)
        return Position(**meta["position"]), _nested({**tensors, **meta["plain"]})
    except OSError as problem:
        name = Path(problem.filename or path).name
        raise ValueError(f"{name}: {problem.strerror or problem}") from None
    except (KeyError, TypeError, json.JSONDecodeError, SafetensorError) as problem:
        raise ValueError(f"{META} does not tell what it should: {problem}") from None


def _hashed(
    pieces: Iterable[bytes | memoryview], checksum: hashlib._Hash
) -> Iterator[bytes | memoryview]:
    """The pieces, of which the checksum is taken as they pass."""
    for piece in pieces:
        checksum.update(piece)
        yield piece


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}/")
        else:
            yield f"{above}{key}", value


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *above, last = path.split("/")
        here = tree
        for key in above:
            here = here.setdefault(key, {})
        here[last] = value
    return tree
