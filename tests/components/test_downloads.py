"""Files that are fetched on request: whole, or not at all."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_zoo.components.downloads import fetch_file
from gan_zoo.errors import UserError

CONTENT = bytes(range(256)) * 5000  # more than is read at once
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Has one file; of another the end never comes."""

    def do_GET(self) -> None:
        if self.path not in ("/file", "/torn"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) if self.path == "/file" else 1000])

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "*")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("sha256", [DIGEST[:8], ""])
def test_a_file_comes_whole(server: str, tmp_path: Path, sha256: str) -> None:
    path = tmp_path / "new" / "folder" / "file.pth"
    fetch_file(f"{server}/file", path, sha256=sha256)
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == ["file.pth"]


def test_another_file_is_not_kept(server: str, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    with pytest.raises(UserError) as refused:
        fetch_file(f"{server}/file", path, sha256="0123abcd")
    assert str(refused.value) == (
        f"{server}/file: what came has the sha256 {DIGEST}; one that begins with 0123abcd was "
        f"expected, so it is not kept. Bring it by other means: {server}/file to {path}"
    )
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("word", "told"),
    [("/none", "HTTP Error 404"), ("/torn", f"ended after 1000 of {len(CONTENT)} bytes")],
)
def test_what_does_not_come_is_said(server: str, tmp_path: Path, word: str, told: str) -> None:
    path = tmp_path / "file.pth"
    with pytest.raises(UserError, match=told) as refused:
        fetch_file(server + word, path)
    assert f"Bring it by other means: {server}{word} to {path}" in str(refused.value)
    assert left(tmp_path) == []


def test_without_a_connection_it_is_said(server: str, tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/file"  # the port of `discard`, where nobody listens
    with pytest.raises(UserError, match=f"{url} could not be fetched: .*refused"):
        fetch_file(url, tmp_path / "file.pth")


def test_a_folder_that_cannot_be_written_is_said(server: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match=r"could not be fetched: .*File exists"):
        fetch_file(f"{server}/file", tmp_path / "taken" / "file.pth")
