"""What a service does not take, it refuses with the right code and a sentence for people."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image as PIL

from gan_zoo.inference.translator import Translator
from gan_zoo.serving import model
from gan_zoo.serving.app import Service
from gan_zoo.serving.kinds import read_size
from gan_zoo.serving.refusals import without_paths
from tests.serving.conftest import PNG, ask, drawn, post, refused


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(height: int, width: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def series() -> bytes:
    data = io.BytesIO()
    pages = [PIL.new("L", (16, 16), shade) for shade in (1, 2)]
    pages[0].save(data, format="TIFF", save_all=True, append_images=pages[1:])
    return data.getvalue()


def gif() -> bytes:
    data = io.BytesIO()
    PIL.new("L", (16, 16)).save(data, format="GIF")
    return data.getvalue()


def wide() -> bytes:
    data = io.BytesIO()
    PIL.fromarray(np.full((16, 16), 40_000, np.uint16)).save(data, format="PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (drawn(mode="RGB"), "source is color (RGB)"),
        (drawn()[:-200], "source is damaged or cut short"),
        (drawn()[:20], "source cannot be opened (Truncated File Read)"),
        (b"no picture at all", "source is not a picture"),
        (gif(), "source is a GIF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "source is an EPS drawing"),
        (b"source,target\n/etc/passwd,/etc/passwd\n", "source is not a picture"),
        (series(), "source is a series of 2 pictures"),
        (wide(), "16"),
        (b"\x89PNG\r\n\x1a\n" + header(0, 0) + chunk(b"IEND", b""), "source is damaged"),
    ],
    ids=["mode", "cut", "header", "text", "gif", "eps", "table", "series", "bits", "empty"],
)
def test_a_picture_that_cannot_be_translated(service: Service, content: bytes, told: str) -> None:
    said = refused(post(service, content), 422)
    assert told in said
    assert said.startswith("source ")


@pytest.mark.parametrize(
    "content",
    [
        drawn(300, 300),
        drawn(300, 300, format="TIFF"),
        drawn(300, 300, format="JPEG"),
        b"\x89PNG\r\n\x1a\n" + header(60_000, 60_000),
        b"\x89PNG\r\n\x1a\n" + header(16, 16) + header(60_000, 60_000) + chunk(b"IDAT", b""),
        drawn(4097, 16),  # padded to 4112 x 16
    ],
    ids=["png", "tiff", "jpeg", "bomb", "second header", "padded"],
)
def test_too_many_pixels(service: Service, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "make_file", None)  # nothing is decoded
    assert "65,536 pixels are taken here" in refused(post(service, content), 413)


def test_what_is_padded_counts(service: Service, written: Callable[..., bytes]) -> None:
    assert "which is padded to 16x4112" in refused(post(service, drawn(1, 4100)), 413)
    assert post(service, drawn(16, 4096)).content == written(drawn(16, 4096))


@pytest.mark.parametrize(
    ("format", "how"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("BMP", {}),
        ("PPM", {}),
        ("TIFF", {}),
        ("TIFF", {"big_tiff": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"icc_profile": b"0" * 128}),  # its header has a canvas
    ],
)
def test_sizes_are_read_of_headers(tmp_path: object, format: str, how: dict[str, object]) -> None:
    path = tmp_path / "a"  # type: ignore[operator]
    path.write_bytes(drawn(30, 41, mode="RGB", format=format, **how))
    assert read_size(path) == (30, 41)


def test_content_types(service: Service) -> None:
    for kind, content in (
        ("application/x-www-form-urlencoded", drawn()),  # what curl --data-binary says by itself
        ("image/gif", gif()),
        ("application/json", b"{}"),
    ):
        said = refused(post(service, content, headers={"Content-Type": kind}), 415)
        assert said.startswith(f"the content type '{kind}' came; a picture is image/png, ")
    assert "no content type came" in refused(post(service, drawn(), headers={}), 415)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?seed=-1", "seed='-1' came"),
        ("?seed=1e3", "seed='1e3' came"),
        (f"?seed={2**63}", "whole number"),
        (f"?seed={'9' * 5000}", "whole number"),
        ("?seed=1&seed=2", "seed came several times"),
        ("?format=gif", "format='gif' came; this model's answers are png or tiff"),
        ("?size=2", "the query says 'size'; it takes seed, style, format"),
    ],
)
def test_queries(service: Service, query: str, told: str) -> None:
    assert told in refused(post(service, drawn(), query), 400)


def test_a_model_without_styles_takes_none(service: Service) -> None:
    assert "no condition of this run takes styles" in refused(
        post(service, drawn(), "?style=sample"), 422
    )


def test_bodies_that_are_none(service: Service) -> None:
    assert "an empty body came" in refused(post(service, b""), 400)

    def parts(content: bytes, boundary: str = "; boundary=x") -> str:
        headers = {"Content-Type": f"multipart/form-data{boundary}"}
        return refused(post(service, content, headers=headers), 400)

    name = b'--x\r\nContent-Disposition: form-data; name="source"\r\n\r\n'
    assert "names no boundary" in parts(b"", "")
    assert parts(b"--x--\r\n")  # which of the two it is, versions of the parser tell otherwise
    assert "is not multipart/form-data" in parts(b"no part")
    assert "the body ends within a part" in parts(name + b"abc")
    assert "a part without a name came" in parts(b"--x\r\n\r\nabc\r\n--x--\r\n")
    assert "the part source came twice" in parts(name + b"a\r\n" + name + b"b\r\n--x--\r\n")
    other = name.replace(b"source", b"../../x")
    assert "the part '../../x' came; this model takes source" in parts(other + b"a\r\n--x--\r\n")


def test_paths_and_methods(service: Service) -> None:
    told = refused(ask(service, "GET", "/else"), 404)
    assert told == (
        "there is no '/else'; there are /translate, /health, /model, /openapi.json and /"
    )
    assert refused(ask(service, "GET", "/translate/"), 404)
    answer = ask(service, "GET", "/translate")
    assert refused(answer, 405) == "'/translate' does not take GET; it takes POST"
    assert answer.headers["allow"] == "POST"
    assert ask(service, "DELETE", "/health").status_code == 405


def test_a_fault_tells_its_kind_alone(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("/tmp/secret")

    monkeypatch.setattr(model, "make_file", fails)
    assert refused(post(service, drawn()), 500) == (
        "a fault of the service (KeyError); who runs it finds more in its log"
    )


def test_memory_that_a_device_lacks(
    service: Service, translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(translator, "output", fails)
    assert "send a smaller one" in refused(post(service, drawn()), 413)


def test_paths_are_cut(tmp_path: object) -> None:
    files = {"label": tmp_path / "a" / "label.png"}  # type: ignore[operator]
    said = f"{files['label']} lies in {tmp_path}; see /srv/data/train and C:\\data\\x.png, 1/2"
    assert without_paths(said, files, tmp_path) == (  # type: ignore[arg-type]
        "label lies in the request; see train and x.png, 1/2"
    )


def test_the_type_is_told_by_the_body(service: Service) -> None:
    assert post(service, drawn(format="BMP"), headers=PNG).status_code == 200
