"""Pictures that are refused, with the true reason and the cure, before and while they are read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from pydantic import ValidationError

from gan_zoo.components.data import Values
from gan_zoo.errors import DataError
from gan_zoo_data.files import opened, pictures, tiffs
from gan_zoo_data.files.decoder import MOST
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.files.pictures import Wanted
from gan_zoo_data.modes import values_of
from tests.plugins.data.making import picture, save
from tests.plugins.data.odd_files import (
    Writer,
    cut,
    deep_png,
    holes,
    noise,
    pages,
    patched,
    raw,
    saved,
    tiff,
    turned,
)
from tests.plugins.data.test_every_picture import Mode, data, folder, ranged

INFRARED = tiff("uint8", 4, photometric="rgb", extrasamples=[0])
RGB = tiff("uint8", 3, photometric="rgb")
REFUSED: dict[str, tuple[str, Writer, Mode, str]] = {
    "infrared, as color": (
        *("tif", INFRARED, "rgb"),
        "is color and a band that is no alpha (4 bands of uint8); the recipe says source: rgb. Say "
        "`source: 4` to keep all bands, or convert the files to color (RGB)",
    ),
    "infrared, as alpha": (
        *("tif", INFRARED, "rgba"),
        "is color and a band that is no alpha (4 bands of uint8); the recipe says source: rgba. "
        "Say `source: 4` to keep all bands, or convert the files to color with alpha (RGBA)",
    ),
    "two bands, as grey": (
        *("tif", tiff("uint8", 2, extrasamples=[0]), "grey"),
        "is a picture (2 bands of uint8); the recipe says source: grey. Say `source: 2` to keep "
        "all bands, or convert the files to grey (L)",
    ),
    "associated alpha, as alpha": (
        *("tif", tiff("uint8", 4, photometric="rgb", extrasamples=[1]), "rgba"),
        "is color with associated alpha (4 bands of uint8); the recipe says source: rgba. Say "
        "`source: 4`, or convert the files to color with alpha (RGBA)",
    ),
    "inks, as four bands": (
        *("tif", saved("CMYK"), 4),
        "is four inks (CMYK); the recipe says source: 4. Say `source: cmyk`, or convert the files "
        "to color (RGB) and say `source: rgb`",
    ),
    "alpha, as inks": (
        *("png", saved("RGBA"), "cmyk"),
        "is color with alpha (RGBA); the recipe says source: cmyk. Say `source: rgba`, or convert "
        "the files to four inks (CMYK)",
    ),
    "deep bands without a range": (
        *("tif", tiff("int16", 5, -9, 90), 5),
        "is a picture (5 bands of int16); the recipe says source: 5. The numbers go from -9 to 90: "
        "say `source: {mode: 5, range: [-9, 90]}`, with a low and a high that hold for all files, "
        "those to translate too. They become -1 and 1; what lies beyond is clipped",
    ),
    "holes without a range": (
        *("tif", holes, "grey"),
        "is floating-point grey (F); the recipe says source: grey. The numbers go from -9 to 9: "
        "say `source: {mode: grey, range: [-9, 9], nodata: nan}`, with a low",
    ),
    "deep alpha": (
        *("png", deep_png(4), "rgb"),
        "is color with alpha of 16 bits (RGBA;16); the recipe says source: rgb. The numbers go "
        "from 0 to 65535: say `source: {mode: rgba, range: [0, 65535]}`",
    ),
    "two pictures": ("tif", pages(), "rgb", "is a series of 2 pictures; save each as a file of"),
    "a mask": (
        "tif",
        pages(mask=True),
        "rgb",
        "is a picture with a mask of its own, which says what",
    ),
    "rare numbers": (
        *("tif", tiff("complex64", 1), ranged("grey", 0, 9)),
        "is stored in a way that is not read (numbers of 64 bits of a rare kind); save it anew",
    ),
    "white is 0": (
        *("tif", tiff("uint8", photometric="miniswhite"), ranged("grey", 0, 9)),
        "is stored with white as 0; save it with black as 0",
    ),
    "a tag": (
        *("tif", turned(8), "rgb"),
        "is turned by its EXIF orientation 8; say `source: {mode: rgb, orient: exif}`, or turn the "
        "pixels and remove the tag (`mogrify -auto-orient`, PIL.ImageOps.exif_transpose)",
    ),
    "a tag beside a range": (
        *("tif", turned(8), ranged("rgb", 0, 9)),
        "is turned by its EXIF orientation 8; say `source: {mode: rgb, range: [0, 9], orient: "
        "exif}`",
    ),
    "EPS": (
        "png",
        raw(b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        "rgb",
        "is an EPS drawing, whatever its name",
    ),
    "GIF": ("png", raw(b"GIF89a" + bytes(40)), "rgb", "is a GIF, whatever its name says; save it"),
    "HEIC": ("jpg", raw(bytes(4) + b"ftypheic"), "rgb", "is a HEIC or a film, whatever its name"),
    "JPEG 2000": ("jpg", raw(b"\0\0\0\x0cjP  \r\n"), "rgb", "is a JPEG 2000, whatever its name"),
    "half a header": ("png", cut(saved("RGB"), 0.01), "rgb", "is damaged or cut short (in its"),
    "half a TIFF header": ("tif", cut(RGB, 0.05), "rgb", "is damaged or cut short ("),
    "a letter in a header": (
        *("ppm", raw(b"P6\nabc def\n255\n" + bytes(10)), "rgb"),
        "is damaged or cut short (invalid literal for int() with base 10: b'abc'); get it again",
    ),
    "a header that ends": ("ppm", raw(b"P6\n12"), "rgb", "is damaged or cut short (Reached EOF"),
}
AT_PIXELS: dict[str, tuple[str, Writer, Mode, str]] = {
    "holes that nobody declared": (
        *("tif", holes, ranged("grey", -9, 9)),
        "is a picture in which 3 of 384 numbers are none (NaN); say `nodata: nan` beside its range "
        "where these pixels show nothing, or correct the file",
    ),
    "holes beside another nodata": (
        *("tif", holes, ranged("grey", -9, 9, nodata=-9)),
        "is a picture in which 3 of 384 numbers are none (NaN)",
    ),
    "a late tag": ("png", turned(3, late=True), "rgb", "is turned by its EXIF orientation 3; turn"),
    "half a picture": ("png", cut(saved("RGB"), 0.5), "rgb", "is damaged or cut short ("),
    "half the bands": ("tif", cut(tiff("uint8", 5), 0.5), 5, "is damaged or cut short ("),
    "LZW": (
        *("tif", patched(tiff("uint8", 5), 259, 5), 5),
        "is compressed in a way that needs another package (",
    ),
    "predicted floats": (
        *(
            "tif",
            patched(tiff("uint16", 2, compression="zlib", predictor=2), 317, 3),
            ranged(2, 0, 9),
        ),
        "is compressed in a way that needs another package (",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_header_tells(tmp_path: Path, kind: str) -> None:
    """The check says it, and so does reading."""
    ending, write, mode, told = REFUSED[kind]
    folder(tmp_path, ending, write)
    path = tmp_path / f"A/train/x.{ending}"
    spec = data(tmp_path, mode)
    [said] = spec.inspect("train")
    assert said.startswith(f"{path} {told}")
    with pytest.raises(DataError) as caught:
        spec.open("train").read(0, None)
    assert str(caught.value) == said


@pytest.mark.parametrize("kind", AT_PIXELS)
def test_pixels_tell(tmp_path: Path, kind: str) -> None:
    ending, write, mode, told = AT_PIXELS[kind]
    folder(tmp_path, ending, write)
    spec = data(tmp_path, mode)
    assert spec.inspect("train") == []
    [said] = spec.decode("train")
    assert said.startswith(f"{tmp_path}/A/train/x.{ending} {told}")
    with pytest.raises(DataError) as caught:
        spec.open("train").read(0, None)
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["infrared", "deep"])
def test_without_tifffile_bands_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """None is dropped in silence, and what Pillow reads as stored needs nothing more."""
    for module in (tiffs, pictures):
        monkeypatch.setattr(module, "has_tifffile", lambda: False)
    write = {"infrared": INFRARED, "deep": tiff("uint16", 3, photometric="rgb")}[name]
    folder(tmp_path, "tif", write)
    spec = data(tmp_path, {"infrared": 4, "deep": ranged("rgb", 0, 250)}[name])
    [told] = spec.inspect("train")
    assert told.endswith("which Pillow does not read as stored: pip install 'gan-zoo[tiff]'")
    folder(tmp_path / "more", "tif", tiff("int16", 1, -9, 9))
    assert data(tmp_path / "more", ranged("grey", -9, 9)).decode("train") == []
    folder(tmp_path / "wrong", "tif", tiff("uint16", 3, photometric="rgb"))
    assert (
        "say `source: {mode: rgb, range: [LOW, HIGH]}`"
        in (data(tmp_path / "wrong", "rgb").inspect("train")[0])
    )


def test_a_large_picture_has_a_limit_that_can_be_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pictures, "MAX_IMAGE_PIXELS", 100)
    folder(tmp_path, "png", saved("RGB"))
    both = [f"{tmp_path}/{side}/train/x.png has 384 pixels, which take" for side in "AB"]
    told = data(tmp_path, "rgb").inspect("train")
    assert [line.partition(" 0.0 GB")[0] for line in told] == both
    assert f"say {MOST}=384 in the environment, or cut the picture into parts" in told[0]
    monkeypatch.setenv(MOST, "384")
    assert data(tmp_path, "rgb").decode("train") == []
    monkeypatch.setenv(MOST, "many")
    assert f"{MOST}: 'many' came; a number of pixels" in data(tmp_path, "rgb").inspect("train")[0]
    folder(tmp_path / "bands", "tif", tiff("uint8", 5))
    monkeypatch.setenv(MOST, "383")
    assert "up to 383 are opened" in data(tmp_path / "bands", 5).inspect("train")[0]


def test_kinds_of_four_channels_are_not_mixed(tmp_path: Path) -> None:
    for name, write in (("a", saved("RGBA")), ("b", INFRARED)):
        for side in "AB":
            (tmp_path / side / "train").mkdir(parents=True, exist_ok=True)
            write(tmp_path / side / f"train/{name}.tif")
    [first, _] = data(tmp_path, 4, target=4).inspect("train")
    assert first == (
        f"{tmp_path}/A/train/b.tif is 4 bands, but the files before it are RGBA; convert one kind"
    )


def test_types_are_mixed_only_where_tensors_are_alike(tmp_path: Path) -> None:
    """[0, 255] of 8 bits are bytes, of other types floats; a longer range is floats anyway."""
    for name, write in (("a", tiff("uint8")), ("b", tiff("uint16"))):
        for side in "AB":
            (tmp_path / side / "train").mkdir(parents=True, exist_ok=True)
            write(tmp_path / side / f"train/{name}.tif")
    wide, plain = ranged("grey", 0, 256), ranged("grey", 0, 255)
    assert data(tmp_path, wide, target=wide).inspect("train") == []
    [told, _] = data(tmp_path, plain, target=plain).inspect("train")
    assert "b.tif is L of uint16, but the files before it are L of uint8" in told


def test_a_trained_model_names_what_it_does_not_read(tmp_path: Path) -> None:
    """What the recipe says is settled, so that only the file can change."""
    folder(tmp_path, "png", saved("RGBA"))
    new = tmp_path / "new"
    for name, write in {
        "inks.jpg": saved("CMYK"),
        "tag.tif": turned(6),
        "deep.png": deep_png(4),
    }.items():
        new.mkdir(exist_ok=True)
        write(new / name)
    inputs = data(tmp_path, 4).inputs(new, maps=["source"])
    told = {}
    for index, name in enumerate(inputs.names):
        with pytest.raises(DataError) as caught:
            inputs.read(index, None)
        told[name] = str(caught.value)
    assert told["inks"].endswith(
        "is four inks (CMYK); the recipe says source: 4. Convert the files to color (RGB) and say "
        "`source: rgb`"
    ) or told["inks"].endswith("Convert the files to color with alpha (RGBA)")
    assert told["tag"].endswith(
        "6; turn the pixels and remove the tag (`mogrify -auto-orient`, "
        "PIL.ImageOps.exif_transpose)"
    )
    assert told["deep"].endswith("give it the type and range that the training files have")


def test_what_is_clipped_is_told(tmp_path: Path) -> None:
    stored = noise("uint16", 1, 0, 100)
    stored[:2] = 20000  # an eighth
    for side in "AB":
        (tmp_path / side / "train").mkdir(parents=True)
    tifffile.imwrite(tmp_path / "A/train/x.tif", stored[..., 0])
    save(tmp_path / "B/train/x.png", picture(height=16, width=24))
    spec = data(tmp_path, ranged("grey", 0, 10000))
    assert spec.decode("train") == []
    assert spec.remarks("train") == [
        "12 % of the numbers in source lie above 10000, up to 20000; they become 1"
    ]
    below = data(tmp_path, ranged("grey", 1, 30000, nodata=20000)).remarks("train")
    assert below == [
        f"{100 * (stored == 0).sum() / (stored != 20000).sum():.2g} % of the numbers in source lie "
        "below 1, down to 0; they become -1"
    ]


VALUES: list[tuple[Mode, str | None, Values]] = [
    ("rgb", None, Values(colors="rgb")),
    (4, None, Values()),
    ("cmyk", None, Values(colors="cmyk")),
    (ranged("grey", 0, 10000), None, Values("uint16", 0, 10000, None, "grey")),
    (ranged("grey", 0, 10000), "float32", Values("float32", 0, 10000, None, "grey")),
    (ranged(5, -1, 1, dtype="int16"), "float32", Values("int16", -1, 1)),
    (ranged(5, -1, 1), None, Values("int16", -1, 1)),
    (ranged(5, 0, 0.5, nodata=-9), None, Values("float32", 0, 0.5, -9)),
    (ranged(5, 0, 255), None, Values("uint8", 0, 255)),
]


@pytest.mark.parametrize(("mode", "dtype", "wanted"), VALUES)
def test_what_numbers_mean_in_files(
    tmp_path: Path, mode: Mode, dtype: str | None, wanted: Values
) -> None:
    assert values_of(data(tmp_path, mode).source, dtype) == wanted


def test_a_run_keeps_the_type_of_its_files(tmp_path: Path) -> None:
    """So that outputs are the same when the files are gone; a type that is said stays."""
    folder(tmp_path, "tif", tiff("float32", 1, 0, 9))
    spec = data(tmp_path, ranged("grey", 0, 9), target=ranged("rgb", 0, 255))
    assert spec.values("source") == Values("float32", 0, 9, None, "grey")
    assert spec.values("target") == Values("uint8", 0, 255, None, "rgb")
    kept: Any = spec.with_absolute_paths()
    assert (kept.source.dtype, kept.target.dtype) == ("float32", "uint8")
    assert kept.open("train").read(0, None).maps["target"].dtype == torch.uint8
    assert data(tmp_path, "rgb").with_absolute_paths() == data(tmp_path, "rgb")
    (tmp_path / "A/train/x.tif").unlink()
    assert kept.values("source").dtype == "float32"
    assert spec.values("source").dtype == "uint8"  # nobody knows any more


WRONG = [
    ({"range": [0, 1]}, "mode is missing: {mode: rgb, ...}"),
    ({"mode": "rgb", "range": [1, 0]}, "[1, 0] came; the low must lie below the high"),
    ({"mode": "rgb", "nodata": 0}, "nodata goes with a range: [low, high]"),
    ({"mode": "rgb", "dtype": "uint8"}, "dtype goes with a range: [low, high]"),
    (
        {"mode": "sepia", "rnge": [0, 1]},
        "a mode is rgb, grey, rgba, cmyk, or the number of channels of the files; rnge is unknown; "
        "there are mode, range, nodata, dtype, orient",
    ),
    ({"mode": "rgb", "orient": "up"}, "orient: Input should be 'exif'"),
]


@pytest.mark.parametrize(("mode", "told"), WRONG)
def test_a_mapping_that_says_nothing_sound(tmp_path: Path, mode: Mode, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        data(tmp_path, mode)
    assert [error["msg"] for error in caught.value.errors()] == [told]


def test_a_decoder_that_raises_anything_is_told_by_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "png", saved("RGB"))
    for problem, told in (
        (ZeroDivisionError("by zero"), "is damaged or cut short (by zero)"),
        (MemoryError(), "does not fit into memory: it has 384 pixels"),
        (RuntimeError(), "is damaged or cut short (RuntimeError)"),
    ):

        def fail(*_: object, problem: Exception = problem) -> None:
            raise problem

        monkeypatch.setattr(opened.Image.Image, "load", fail)
        monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
        with pytest.raises(DataError) as caught:
            data(tmp_path, "rgb").open("train").read(0, None)
        assert str(caught.value).startswith(f"{tmp_path}/A/train/x.png {told}")


BROKEN = [("tif", tiff("uint8", 5)), ("tif", RGB), ("png", deep_png(3)), ("webp", saved("RGB"))]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_broken_file_is_read_or_refused_by_its_name(data: st.DataObject) -> None:
    """Whatever bytes are lost or changed: no decoder's own error comes through."""
    ending, write = data.draw(st.sampled_from(BROKEN))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{ending}"
        write(path)
        broken = bytearray(path.read_bytes())
        places = st.integers(0, min(len(broken) - 1, data.draw(st.sampled_from((40, 400, 9999)))))
        changes = data.draw(st.dictionaries(places, st.integers(0, 255), max_size=8))
        for place, byte in changes.items():
            broken[place] = byte
        path.write_bytes(broken[: data.draw(st.integers(1, len(broken)))])
        for want in (Wanted({"source": 5}), Wanted({"source": "rgb"}), Wanted({}, ids=(Ids(),))):
            for look in (pictures.header, pictures.read):
                try:
                    look(path, want)
                except DataError as problem:
                    assert str(path) in str(problem)  # noqa: PT017
