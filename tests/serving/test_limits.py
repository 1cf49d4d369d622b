"""A service takes so much and no more, whoever asks how fast, and answers on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving import app
from gan_zoo.serving.app import Service
from gan_zoo.serving.limits import Limits
from tests.serving.conftest import LOCAL, PNG, ask, asking, drawn, post, refused

SIZES = [(48, 64), (64, 64), (33, 50), (16, 80)]


class Held:
    """A translator whose pictures wait until they are let go of."""

    def __init__(self, translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.made, output = threading.Event(), [], translator.output
        self.threads: set[int] = set()

        def held(*arguments: Any, **others: Any) -> Any:
            self.threads.add(threading.get_ident())
            assert self.go.wait(20)
            self.made.append(1)
            return output(*arguments, **others)

        monkeypatch.setattr(translator, "output", held)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_bytes_are_counted_as_they_come(service: Service) -> None:
    taken = 0

    async def stream() -> AsyncIterator[bytes]:  # no content length goes before it
        nonlocal taken
        for _ in range(1000):
            taken += 10_000
            yield b"0" * 10_000

    assert "larger than 200,000 bytes" in refused(post(service, stream()), 413)
    assert taken <= 220_000
    assert refused(post(service, b"0" * 200_001), 413)  # its length says so
    parts = {"source": b"0" * 200_001}
    assert refused(ask(service, "POST", "/translate", files=parts), 413)
    assert refused(post(service, b"0" * 200_000), 422)  # no picture, but not too large


def test_a_slow_client_is_sent_away(service: Service) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for byte in drawn():
            yield bytes([byte])
            await asyncio.sleep(0.05)

    began = time.monotonic()
    told = refused(post(service, stream()), 408)
    assert told == "the body did not come whole within 0.3 seconds"
    assert time.monotonic() - began < 5
    assert service.arriving == 0


def test_a_slow_client_keeps_nobody_waiting(service: Service) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield drawn()[:50]
        await asyncio.sleep(0.25)
        yield drawn()[50:]

    async def both(client: httpx.AsyncClient) -> list[float]:
        async def timed(content: Any) -> float:
            made = await client.post("/translate", content=content, headers=PNG)
            assert made.status_code == 200
            return time.monotonic()

        return await asyncio.gather(timed(slow()), timed(drawn()))

    late, early = asking(service, both)
    assert early < late


def test_more_than_may_wait_are_refused(
    translator: Translator, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(translator, run, Limits(waiting=2))
    held = Held(translator, monkeypatch)

    async def crowd(client: httpx.AsyncClient) -> Any:
        def post() -> Any:
            return asyncio.ensure_future(client.post("/translate", content=drawn(), headers=PNG))

        here = [post() for _ in range(3)]
        await until(lambda: service.maker.pending == 3)
        refused_one = await post()
        health = await client.get("/health")  # the loop answers while a picture is made
        held.go.set()
        return refused_one, health, [await one for one in here]

    answer, health, made = asking(service, crowd)
    assert "3 requests are served or wait already" in refused(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert health.json()["waiting"] == 3
    assert [one.status_code for one in made] == [200] * 3
    assert len(held.threads) == 1  # one at a time
    assert service.maker.pending == 0


def test_those_who_go_away_while_waiting_get_no_picture(
    translator: Translator, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(translator, run)
    held = Held(translator, monkeypatch)

    async def gone() -> list[int]:
        asgi, statuses = service.app(), []

        async def one(leaves: asyncio.Event) -> None:
            told = [{"type": "http.request", "body": drawn(), "more_body": False}]

            async def receive() -> Any:
                if told:
                    return told.pop()
                await leaves.wait()
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                statuses.append(message.get("status", 0))

            headers = [(b"host", b"localhost"), (b"content-type", b"image/png")]
            scope = {"type": "http", "method": "POST", "path": "/translate", "headers": headers}
            await asgi({**scope, "query_string": b"", "http_version": "1.1"}, receive, send)

        stays, leaves = asyncio.Event(), asyncio.Event()
        jobs = [asyncio.ensure_future(one(stays))]
        await until(lambda: bool(held.threads))
        jobs.append(asyncio.ensure_future(one(leaves)))
        await until(lambda: service.maker.pending == 2)
        leaves.set()
        await until(lambda: service.maker.pending == 1)
        held.go.set()
        await asyncio.gather(*jobs)
        return [status for status in statuses if status]

    assert asyncio.run(gone()) == [400, 200]
    assert len(held.made) == 1


def test_a_service_that_ends_finishes_one_and_refuses_the_others(
    translator: Translator, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(translator, run)
    held = Held(translator, monkeypatch)

    async def end(client: httpx.AsyncClient) -> Any:
        def post() -> Any:
            return asyncio.ensure_future(client.post("/translate", content=drawn(), headers=PNG))

        first, second = post(), post()
        await until(lambda: service.maker.pending == 2 and bool(held.threads))
        service.maker.close()
        last = await post()
        held.go.set()
        return await first, await second, last

    first, second, last = asking(service, end)
    assert sorted([first.status_code, second.status_code]) == [200, 503]
    assert "the service ends" in refused(last, 503)


def test_threads_get_the_answers_of_one_alone(service: Service) -> None:
    """Thirty-two at once, of four sizes, with noise: each as if nobody else had asked."""
    alone = [post(service, drawn(*size), f"?seed={n}").content for n, size in enumerate(SIZES)]
    service.maker.room = 32

    async def together(client: httpx.AsyncClient) -> list[bytes]:
        each = [
            client.post(f"/translate?seed={n % 4}", content=drawn(*SIZES[n % 4]), headers=PNG)
            for n in range(32)
        ]
        return [answer.content for answer in await asyncio.gather(*each)]

    assert asking(service, together) == alone * 8


def test_nothing_is_left_on_the_disk(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.tempfile, "tempdir", str(tmp_path))
    assert post(service, drawn()).status_code == 200
    assert refused(post(service, b"0"), 422)
    assert refused(post(service, b"0" * 200_001), 413)
    assert [*tmp_path.iterdir()] == []


# ---------------------------------------------------------------------------------- who may ask


def test_hosts_and_origins(service: Service) -> None:
    def got(**headers: str) -> httpx.Response:
        return ask(service, "GET", "/health", headers=headers)

    for host in ("localhost", "127.0.0.1:9000", "[::1]:8000", "LOCALHOST:1"):
        assert got(Host=host).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "192.168.0.4:8000", ""):
        assert "is asked for as localhost" in refused(got(Host=host), 421)
    assert got(Origin=LOCAL).status_code == 200
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9", "http://[", "http:///"):
        assert "only pages of this service itself may" in refused(got(Origin=origin), 403)
    files = {"source": drawn()}
    answer = ask(service, "POST", "/translate", files=files, headers={"Origin": "https://a.b"})
    assert refused(answer, 403)
    assert not [name for name in got().headers if name.startswith("access-control")]


def test_a_token(translator: Translator, run: RunFolder) -> None:
    service = Service(translator, run, loopback=False, token="a b")

    def got(path: str, *said: str) -> httpx.Response:
        headers = [(b"Authorization", one.encode("latin-1")) for one in said]
        return ask(service, "GET", path, headers=[*headers, (b"Host", b"any.example")])

    assert got("/model", "Bearer a b").status_code == 200
    assert got("/health").status_code == 200  # who watches over it needs none
    for said in ((), ("Bearer a",), ("Basic a b",), ("Bearer \xe9",), ("Bearer a b",) * 2):
        answer = got("/model", *said)
        assert "Authorization: Bearer TOKEN" in refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert "a form cannot send" in got("/", "Bearer a b").text
    told = got("/openapi.json", "Bearer a b").json()
    assert told["security"] == [{"token": []}]
    assert "421" not in told["paths"]["/model"]["get"]["responses"]
