"""How a run's steps were compiled, phase by phase, and where the compiled code lies.

The code lies in the user's cache and never in a run's folder, which people hand on: torch unpickles
it, and it is machine code. The run holds what it must come to, a SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_zoo.components.user_cache import cache_folder
from gan_zoo.errors import UserError, first_line
from gan_zoo.runs.atomic import write_file

FILE = "compiled.json"  # of a run
CODE = "compiled"  # of the cache


@dataclass(frozen=True)
class Compiled:
    """How the steps of a phase were compiled.

    Args:
        parts: What was, by name; none where torch could not.
        graphs: Programs.
        made_by: What compiled code is only good for: versions, the device.
        code: The SHA-256 of the compiled code; None where the compiler kept none.
    """

    parts: tuple[str, ...]
    graphs: int
    made_by: Mapping[str, str]
    code: str | None


def read_compiled(run: Path) -> dict[str, Compiled]:
    """Phase -> how its steps were compiled; of a run's folder.

    Raises:
        UserError: the file is damaged.
    """
    path = run / FILE
    if not path.is_file():
        return {}
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {
            phase: Compiled(tuple(one["parts"]), one["graphs"], one["made_by"], one["code"])
            for phase, one in told.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        broken = f"{path} is damaged ({type(problem).__name__}: {first_line(problem)})"
        raise UserError(f"{broken}; delete it, and what it tells of is compiled anew") from problem


def note_compiled(run: Path, phase: str, compiled: Compiled) -> None:
    """Keep how the steps of a phase were compiled."""
    told = {**read_compiled(run), phase: compiled}
    data = {name: asdict(one) for name, one in told.items()}
    write_file(run / FILE, json.dumps(data, indent=2) + "\n")


def code_file(digest: str) -> Path:
    """Where compiled code lies in the user's cache."""
    return cache_folder() / CODE / digest


def keep_code(code: bytes) -> str:
    """Put compiled code into the user's cache.

    Raises:
        OSError: the cache cannot be written.
    """
    digest = hashlib.sha256(code).hexdigest()
    path = code_file(digest)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, code)
    return digest


def find_code(digest: str) -> bytes | None:
    """Compiled code of the user's cache; None where it is not there, or is not what it was."""
    path = code_file(digest)
    if not path.is_file():
        return None
    code = path.read_bytes()
    return code if hashlib.sha256(code).hexdigest() == digest else None
