"""A service answers with the very files that translate writes."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PIL
from PIL.PngImagePlugin import PngInfo

import gan_zoo
from gan_zoo.inference.styles.gathering import gather
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving.app import Service
from gan_zoo_data.folder_specs import TINY
from tests.inference.styles.conftest import SMALL
from tests.inference.styles.conftest import trained as trained_with_styles
from tests.serving.conftest import ask, drawn, post, refused


def text_of(size: int) -> PngInfo:
    """A text that Pillow refuses to read where it is large."""
    told = PngInfo()
    told.add_text("note", "x" * size, zip=True)
    return told


@pytest.mark.parametrize(
    ("content", "suffix", "kind"),
    [
        (drawn(), ".png", "image/png"),
        (drawn(33, 50, dpi=(300, 300)), ".png", "image/png"),  # padded; its resolution is kept
        (drawn(format="JPEG"), ".jpg", "image/jpeg"),
        (drawn(format="TIFF"), ".tif", "image/tiff"),
        (drawn(format="BMP"), ".bmp", "image/bmp"),
        (drawn(format="PPM"), ".ppm", "image/x-portable-graymap"),
        (drawn(pnginfo=text_of(2 * 2**20)), ".png", "image/png"),
        (drawn(format="JPEG"), ".png", "image/png"),  # what it is, its bytes tell
        (drawn(), ".png", "application/octet-stream"),
    ],
    ids=["png", "odd", "jpeg", "tiff", "bmp", "ppm", "text", "misnamed", "bytes"],
)
def test_an_answer_is_the_file_that_translate_writes(
    service: Service, written: Callable[..., bytes], content: bytes, suffix: str, kind: str
) -> None:
    made = post(service, content, headers={"Content-Type": kind})
    assert made.status_code == 200, made.text
    assert made.headers["content-type"] == "image/png"
    assert made.content == written(content, suffix)


def test_a_part_is_as_good_as_a_body(service: Service, written: Callable[..., bytes]) -> None:
    files = {"source": ("any name.txt", drawn(), "text/plain")}
    made = ask(service, "POST", "/translate", files=files)
    assert made.content == written(drawn())


def test_the_seed_is_that_of_dropout(service: Service, written: Callable[..., bytes]) -> None:
    first, second = (post(service, drawn(), f"?seed={seed}").content for seed in (0, 2**63 - 1))
    assert (first, second) == (written(drawn()), written(drawn(), seed=2**63 - 1))
    assert first != second


def test_tiff_where_it_is_asked_for(service: Service, written: Callable[..., bytes]) -> None:
    made = post(service, drawn(), "?format=tiff")
    assert made.headers["content-type"] == "image/tiff"
    assert made.content == written(drawn(), ending=".tif")


def test_the_model_is_told(service: Service) -> None:
    told = ask(service, "GET", "/model").json()
    assert (told["name"], told["weights"], told["phase"], told["step"]) == (
        "painter",
        "latest",
        "main",
        2,
    )
    [source] = told["inputs"]
    assert (source["name"], source["kind"], source["channels"]) == ("source", "picture", 1)
    assert source["values"] | {"colors": None} == {
        "dtype": "uint8",
        "low": 0.0,
        "high": 255.0,
        "nodata": None,
        "colors": None,
    }
    assert told["output"]["formats"] == ["png", "tiff"]
    assert told["padded_to_multiples_of"] == 16
    assert told["limits"]["pixels"] == 256 * 256
    assert told["styles"] is None


def test_health_and_page(service: Service) -> None:
    assert ask(service, "GET", "/health").json() == {
        "ready": True,
        "model": "painter",
        "step": 2,
        "waiting": 0,
    }
    page = ask(service, "GET", "/")
    assert 'name="source"' in page.text
    assert "http" not in page.text  # it asks nobody else
    assert "default-src 'none'" in page.headers["content-security-policy"]


# ---------------------------------------------------------------------------------- several maps


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with maps of labels and of instances, and styles of both."""
    path = tmp_path_factory.mktemp("styled") / "facades"
    data = {**SMALL["data"], "suffixes": {"label": "_l", "instance": "_i"}}
    root = path.with_name("data")
    for folder in sorted(path for path in TINY.iterdir() if path.is_dir()):
        ending = {"label": "_l", "inst": "_i"}.get(folder.name.rpartition("_")[2], "")
        for file in sorted(folder.iterdir()):
            target = root / folder.name / f"{file.stem}{ending}{file.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    trained_with_styles(path, data={**data, "root": str(root)})
    gather(path, clusters=2, least=1e-4, device="cpu")
    return RunFolder.open(path)


@pytest.fixture(scope="module")
def facades(styled: RunFolder) -> Service:
    return Service(gan_zoo.load(styled, device="cpu"), styled)


@pytest.fixture(scope="module")
def maps(styled: RunFolder) -> dict[str, Path]:
    root = styled.path.with_name("data")
    folders = {"label": "test_label", "instance": "test_inst"}
    return {name: sorted((root / folder).iterdir())[0] for name, folder in folders.items()}


@pytest.mark.parametrize("style", [None, "sample", "cluster:1"])
def test_maps_come_each_as_a_part(
    facades: Service, styled: RunFolder, maps: dict[str, Path], tmp_path: Path, style: str | None
) -> None:
    files = {name: path.read_bytes() for name, path in [*maps.items()][::-1]}
    query = f"?seed=3&style={style}" if style else "?seed=3"
    made = ask(facades, "POST", f"/translate{query}", files=files)
    assert made.status_code == 200, made.text
    out = tmp_path / "made.png"
    gan_zoo.translate(styled, maps["label"], out, device="cpu", seed=3, style=style)
    assert made.content == out.read_bytes()


def test_styles_are_refused_in_words(facades: Service, maps: dict[str, Path]) -> None:
    def styled_as(*styles: str) -> Any:
        files = {name: path.read_bytes() for name, path in maps.items()}
        query = "&".join(f"style={one}" for one in styles)
        return ask(facades, "POST", f"/translate?{query}", files=files)

    assert styled_as("class:1=cluster:0", "sample").status_code == 200
    assert "two styles" in refused(styled_as("sample", "cluster:0"), 400)
    assert "shiny came" in refused(styled_as("shiny"), 400)
    assert "no request may" in refused(styled_as("encode:/etc/passwd"), 400)
    assert "no instance 99999" in refused(styled_as("instance:99999=sample"), 422)
    assert "cluster:99 came" in refused(styled_as("cluster:99"), 422)


def test_maps_must_fit_each_other(facades: Service, maps: dict[str, Path]) -> None:
    files = {name: path.read_bytes() for name, path in maps.items()}
    alone = {"label": files["label"]}
    told = refused(ask(facades, "POST", "/translate", files=alone), 400)
    assert told == "the parts label came; this model takes label, instance, a part each"
    with PIL.open(maps["instance"]) as whole:
        data = io.BytesIO()
        PIL.fromarray(np.asarray(whole)[:16, :16]).save(data, format="PNG")
    small = {**files, "instance": data.getvalue()}
    told = refused(ask(facades, "POST", "/translate", files=small), 422)
    assert "one size" in told
    assert "instance 16x16" in told
    told = refused(post(facades, files["label"]), 415)
    assert "curl -F label=@FILE" in told
    wrong = {**files, "label": drawn(mode="RGB")}
    assert refused(ask(facades, "POST", "/translate", files=wrong), 422).startswith("label is ")


def test_labels_and_styles_are_told(facades: Service) -> None:
    told = ask(facades, "GET", "/model").json()
    label, instance = told["inputs"]
    assert (label["kind"], label["classes"], label["ignored"]) == ("ids", 3, [255])
    assert instance["kind"] == "ids"
    assert told["styles"]["which"] == ["sample", "cluster:K"]
    assert told["styles"]["clusters"]["texture"].keys() >= {"0"}
    [style] = [
        one
        for one in ask(facades, "GET", "/openapi.json").json()["paths"]["/translate"]["post"][
            "parameters"
        ]
        if one["name"] == "style"
    ]
    assert style["explode"] is True
