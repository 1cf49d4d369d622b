"""The body of a request -> files, counted as it comes, whatever length it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.errors import quoted
from gan_zoo.serving.kinds import BODIES, MULTIPART, TYPES
from gan_zoo.serving.limits import Limits
from gan_zoo.serving.multipart import Parts
from gan_zoo.serving.refusals import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request


async def receive(
    request: Request, maps: Sequence[str], folder: Path, limits: Limits
) -> dict[str, Path]:
    """Map -> the file that its picture was written to.

    Args:
        request: Whose body is one picture, or a part for each map.
        maps: That the model takes.
        folder: For the files.
        limits: Of bytes and seconds.

    Raises:
        Refusal: another content type, a body that is none, too large or too slow.
        ClientDisconnect: the client is gone.
    """
    kind, boundary = _content_type(request, maps)
    _refuse_length(request, limits)
    try:
        async with asyncio.timeout(limits.seconds):
            if kind == MULTIPART:
                return await _parts(request, Parts(boundary, maps, folder), limits)
            return await _whole(request, maps[0], folder / "body", limits)
    except TimeoutError:
        told = f"the body did not come whole within {limits.seconds:g} seconds"
        raise Refusal(408, told, {"Connection": "close"}) from None


def _content_type(request: Request, maps: Sequence[str]) -> tuple[str, bytes]:
    """What the body is, in small letters, and what stands between its parts.

    Raises:
        Refusal: it is nothing that the model takes.
    """
    said = request.headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    if kind == MULTIPART:
        from python_multipart.multipart import parse_options_header

        return kind, parse_options_header(said)[1].get(b"boundary", b"")
    parts = f"{MULTIPART} with the part{'s' * (len(maps) > 1)} {', '.join(maps)}"
    came = f"the content type {quoted(kind)} came" if kind else "no content type came"
    if len(maps) > 1:
        raise Refusal(415, f"{came}; this model takes {parts}, as curl -F {maps[0]}=@FILE sends")
    if kind not in BODIES:
        raise Refusal(415, f"{came}; a picture is {', '.join(TYPES)}, or {parts}")
    return kind, b""


def _refuse_length(request: Request, limits: Limits) -> None:
    """Refuse what says itself that it is too large, before any of it is read."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > limits.bytes:
        raise _too_large(limits)


async def _chunks(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """The body, as far as it is not too large."""
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > limits.bytes:
            raise _too_large(limits)
        yield chunk


async def _parts(request: Request, parts: Parts, limits: Limits) -> dict[str, Path]:
    try:
        async for chunk in _chunks(request, limits):
            parts.feed(chunk)
    finally:
        parts.close()
    return parts.finish()


async def _whole(request: Request, name: str, path: Path, limits: Limits) -> dict[str, Path]:
    with path.open("xb") as file:
        async for chunk in _chunks(request, limits):
            file.write(chunk)
    if path.stat().st_size == 0:
        raise Refusal(
            400, "an empty body came; send a picture's bytes, as curl --data-binary @FILE"
        )
    return {name: path}


def _too_large(limits: Limits) -> Refusal:
    told = f"the body is larger than {limits.bytes:,} bytes, the most that is taken here"
    return Refusal(413, told, {"Connection": "close"})
