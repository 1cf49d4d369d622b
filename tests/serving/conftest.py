"""A service of a tiny model, asked without a port."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as PIL

import gan_zoo
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving.app import Service
from gan_zoo.serving.limits import Limits
from tests.inference.conftest import trained

LOCAL = "http://127.0.0.1:8000"
PNG = {"Content-Type": "image/png"}


def drawn(
    height: int = 48, width: int = 64, mode: str = "L", format: str = "PNG", **how: Any
) -> bytes:
    """A file of noise, the same every time."""
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    pixels = np.random.default_rng(height * width).integers(0, 256, shape).astype(np.uint8)
    data = io.BytesIO()
    PIL.fromarray(pixels).save(data, format=format, **how)
    return data.getvalue()


def asking(service: Service, asked: Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
    """What comes of requests to a service in this process."""

    async def ask() -> Any:
        transport = httpx.ASGITransport(service.app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=LOCAL, timeout=30) as client:
            return await asked(client)

    return asyncio.run(ask())


def ask(service: Service, method: str, path: str, **how: Any) -> httpx.Response:
    """One request."""
    made: httpx.Response = asking(service, lambda client: client.request(method, path, **how))
    return made


def post(service: Service, content: Any, query: str = "", **how: Any) -> httpx.Response:
    """One picture."""
    how.setdefault("headers", PNG)
    return ask(service, "POST", f"/translate{query}", content=content, **how)


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which names no path of this machine."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert [*told] == ["error"]
    assert "/tmp" not in told["error"]
    assert "Traceback" not in told["error"]
    return str(told["error"])


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("serving") / "painter")


@pytest.fixture(scope="session")
def translator(run: RunFolder) -> Any:
    return gan_zoo.load(run, device="cpu")


@pytest.fixture
def service(translator: Any, run: RunFolder) -> Service:
    return Service(translator, run, Limits(bytes=200_000, pixels=256 * 256, seconds=0.3))


@pytest.fixture
def written(run: RunFolder, tmp_path: Path) -> Callable[..., bytes]:
    """What `gan-zoo translate` writes of a file."""

    def translated(content: bytes, suffix: str = ".png", ending: str = ".png", **how: Any) -> bytes:
        given, made = tmp_path / f"given{suffix}", tmp_path / f"made{ending}"
        given.write_bytes(content)
        gan_zoo.translate(run, given, made, device="cpu", **how)
        return made.read_bytes()

    return translated
