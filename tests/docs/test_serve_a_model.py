"""What the page about serving tells to type works, and says what the page quotes."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import gan_zoo
from gan_zoo.serving.limits import Limits
from gan_zoo.serving.openapi import REASONS
from tests.docs.test_how_to import PAGES, lines, picture, typed
from tests.docs.test_share_a_model import TINY

BOX = re.compile(r"^```(bash|text|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 120


def test_serve_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = gan_zoo.Recipe.load("quickstart", set={**TINY, "callbacks": None})
    gan_zoo.train(recipe, Path("runs/mine"))
    picture(Path("new_pictures/one.png"), 48, 64, mode="L")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
    page = (PAGES / "serve-a-model.md").read_text()
    (_, start), *boxes = BOX.findall(page.replace(":8000", f":{port}"))
    command = [sys.executable, "-m", *shlex.split(start.replace("gan-zoo", "gan_zoo"))]
    process = subprocess.Popen(
        [*command, "--port", port], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(3))
        for language, text in boxes:
            if language == "text":
                assert all(line in said for line in text.splitlines()), said
            elif language == "python":
                exec(compile(text, "serve-a-model.md", "exec"), {})
            else:
                for line in lines(text):
                    code, said = typed(line.replace("python -c", f"{sys.executable} -c"), capfd)
                    assert code == 0, f"{line}\n{said}"
        assert len(boxes) == 8
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=SECONDS) == ("", "")
        assert process.returncode == 0
    finally:
        timer.cancel()
        process.kill()
    assert Path("made.tif").read_bytes()[:2] == b"II"


def test_codes_and_limits_are_those_of_the_service() -> None:
    page = (PAGES / "serve-a-model.md").read_text()
    told = {int(code) for code in re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE)}
    assert told == {*REASONS, 404, 405}
    limits = dict(re.findall(r"^\| `--([\w-]+)` \| (\d+) \|", page, re.MULTILINE))
    assert {name: int(number) for name, number in limits.items()} == {
        "max-bytes": Limits().bytes,
        "max-pixels": Limits().pixels,
        "waiting": Limits().waiting,
    }
    assert f"{Limits().arriving} requests may be on their way" in page
    assert f"within {Limits().seconds:g} s" in page
