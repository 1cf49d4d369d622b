"""A service at a real port: started, asked, ended."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gan_zoo.cli import main
from gan_zoo.errors import UserError
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving import server
from gan_zoo.serving.server import require_libraries, take_address
from tests.serving.conftest import PNG, drawn

SECONDS = 120  # more than a busy machine takes


@contextmanager
def served(
    run: Path, *arguments: str, seconds: float = SECONDS
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A process that serves a run, and what it said when it was ready."""
    command = [sys.executable, "-m", "gan_zoo", "serve", str(run), "--port", "0", *arguments]
    process = subprocess.Popen(
        [*command, "--device", "cpu"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        yield process, [process.stdout.readline().rstrip("\n") for _ in range(3)]
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def test_started_asked_and_ended(
    run: RunFolder, written: Callable[..., bytes], tmp_path: Path
) -> None:
    with served(run.path) as (process, (how, where, curl)):
        assert how.startswith("weights latest of phase main; norm statistics each picture's own")
        found = re.fullmatch(
            r"painter is served at (http://127.0.0.1:\d+) \(Ctrl-C ends it\); one line to ask it:",
            where,
        )
        assert found, where
        (tmp_path / "SOURCE.png").write_bytes(drawn())
        subprocess.run(shlex.split(curl), cwd=tmp_path, check=True, capture_output=True)
        assert (tmp_path / "made.png").read_bytes() == written(drawn())
        told = httpx.post(f"{found[1]}/translate", content=b"0" * 2**26, headers=PNG)
        assert told.status_code == 413
        for name in ("server", "x-powered-by"):
            assert name not in told.headers
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out, err) == (0, "", "")


def failing(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(sys, "argv", ["gan-zoo", "serve", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_a_port_that_is_taken(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert failing([str(run.path), "--port", str(port)], monkeypatch) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"--port: {port} of 127.0.0.1 is taken by another program; --port ")


def test_addresses_that_are_none() -> None:
    with pytest.raises(UserError, match=r"--host: no\.such\.invalid came; a name or an address"):
        take_address("no.such.invalid", 0)
    with pytest.raises(UserError, match=r"--host: 192\.0\.2\.1 is no address of this machine"):
        take_address("192.0.2.1", 0)
    with take_address("localhost", 0) as taken:
        assert taken.getsockname()[1] > 0


def test_no_run_and_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing([str(tmp_path)], monkeypatch) == 2
    assert "is not a run" in capsys.readouterr().err
    assert failing([str(tmp_path), "--token", " "], monkeypatch) == 2
    assert "--token: letters, digits and signs" in capsys.readouterr().err


@pytest.mark.parametrize("absent", ["python_multipart", "starlette", "uvicorn"])
def test_an_absent_library_is_told_with_what_installs_it(
    absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    wanted = rf"needs the package {absent}: pip install 'gan-zoo\[serve\]'"
    with pytest.raises(UserError, match=wanted):
        require_libraries()


@pytest.mark.parametrize(
    ("host", "token", "warned"),
    [("127.0.0.1", None, False), ("0.0.0.0", None, True), ("0.0.0.0", "secret", False)],
)
def test_whom_nobody_asks_is_told(
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    token: str | None,
    warned: bool,
) -> None:
    from gan_zoo.serving.limits import Limits

    monkeypatch.setattr(server, "listen", lambda service, taken: None)
    with take_address("127.0.0.1", 0) as taken:
        server.run_service(run, taken, host, limits=Limits(), token=token, device="cpu")
    said = capsys.readouterr()
    assert ("nobody is asked who it is" in said.err) == warned
    assert "http://127.0.0.1:" in said.out
    assert ("Bearer TOKEN" in said.out) == (token is not None)
