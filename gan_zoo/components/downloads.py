"""Files that are fetched where a user asks for it (`gan-zoo evaluate --fetch`). No torch."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from gan_zoo.errors import UserError, first_line
from gan_zoo.reporter import progress

CHUNK = 2**20  # bytes that are read at once
SECONDS = 30.0  # without an answer, before it is given up


def fetch_file(url: str, path: Path, *, sha256: str = "") -> None:
    """Fetch a file; it is there whole, or not at all.

    Args:
        url: Where it is public.
        path: Where it is put; its folder is made.
        sha256: How its digest begins; whatever comes is taken if empty.

    Raises:
        UserError: nothing came, or something else, or the disk is full; says how to bring it by
            hand.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    cure = f"Bring it by other means: {url} to {path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            digest = _download(url, part)
            if not digest.startswith(sha256):
                raise UserError(
                    f"{url}: what came has the sha256 {digest}; one that begins with {sha256} was "
                    f"expected, so it is not kept. {cure}"
                )
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, HTTPException, ValueError) as problem:  # ValueError: no such kind of address
        if isinstance(problem, HTTPError):
            problem.close()  # it is an answer, too
        raise UserError(f"{url} could not be fetched: {first_line(problem)}. {cure}") from None


def _download(url: str, part: Path) -> str:
    """Write a file as it comes, and give its sha256."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=SECONDS) as answer, part.open("wb") as file:
        length = int(answer.headers.get("Content-Length") or 0)
        label = f"fetching {part.name.partition('.')[0]}, MiB"
        with progress(length // CHUNK + 1 if length else None, label) as advance:
            came = _copy(answer, file, digest, advance)
    if came < length:
        raise HTTPException(f"the connection ended after {came} of {length} bytes")
    return digest.hexdigest()


def _copy(answer: Any, file: Any, digest: Any, advance: Callable[[], None]) -> int:
    came = 0
    while chunk := answer.read(CHUNK):
        file.write(chunk)
        digest.update(chunk)
        came += len(chunk)
        advance()
    return came
