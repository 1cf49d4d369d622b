"""Paired folders and the shipped sample: layouts, refusals by name, one draw for both pictures."""

from __future__ import annotations

import hashlib
import pickle
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from pydantic import ValidationError

from gan_zoo.errors import ContractError, DataError
from gan_zoo.shapes import Image
from gan_zoo_data.geometry import Geometry
from gan_zoo_data.specs import SAMPLE, EmojiSpec, PairedFolderSpec

EXTENSIONS = ".bmp .jpeg .jpg .png .ppm .tif .tiff .webp"


def picture(mode: str = "RGB", height: int = 4, width: int = 6, value: int = 0) -> Pictures.Image:
    """A picture whose pixels tell where they are: row, column, value."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.uint8)
    bands = [rows, columns, np.full_like(rows, value), rows + columns]
    if mode in ("P", "1", "I", "F", "I;16"):
        return Pictures.new(mode, (width, height))
    count = len(Pictures.new(mode, (1, 1)).getbands())
    return Pictures.merge(mode, [Pictures.fromarray(band) for band in bands[:count]])


def save(path: Path, image: Pictures.Image | None = None, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or picture()).save(path, **options)
    return path


def side_by_side(a: Pictures.Image, b: Pictures.Image) -> Pictures.Image:
    both = Pictures.new(a.mode, (a.width + b.width, a.height))
    both.paste(a, (0, 0))
    both.paste(b, (a.width, 0))
    return both


def spec(root: Path, **options: object) -> PairedFolderSpec:
    return PairedFolderSpec.model_validate({"root": str(root), **options})


def one_pair(root: Path, height: int = 4, width: int = 6, **options: object) -> PairedFolderSpec:
    """One sample; every value of the target is 255 minus the source's."""
    source = picture(height=height, width=width, value=7)
    save(root / "A/train/x.png", source)
    save(root / "B/train/x.png", source.point(lambda value: 255 - value))
    return spec(root, **options)


# ---------------------------------------------------------------------------------- layouts


def write_layout(root: Path, layout: str) -> None:
    for name in ("one", "two"):
        a, b = picture(value=1), picture(value=2)
        if layout == "side by side":
            save(root / f"train/{name}.png", side_by_side(a, b))
        else:
            folder_a, folder_b = layout.split()
            save(root / folder_a / f"{name}.png", a)
            save(root / folder_b / f"{name}.bmp", b)


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
@pytest.mark.parametrize(
    "layout", ["side by side", "A/train B/train", "trainA trainB", "train_A train_B"]
)
def test_layouts_and_directions(tmp_path: Path, layout: str, direction: str) -> None:
    write_layout(tmp_path, layout)
    data = spec(tmp_path, direction=direction).open("train")
    assert len(data) == 2
    sample = data.read(1, None)
    assert sample.name == "two"
    assert list(sample.maps) == ["source", "target"]
    values = [int(sample.maps[name][2, 0, 0]) for name in ("source", "target")]
    assert values == ([1, 2] if direction == "a_to_b" else [2, 1])
    for pixels in sample.maps.values():
        assert pixels.shape == (3, 4, 6)
        assert pixels.dtype == torch.uint8
        assert torch.equal(pixels[1, 0], torch.arange(6, dtype=torch.uint8))


def test_the_layout_is_said(tmp_path: Path) -> None:
    write_layout(tmp_path / "1", "side by side")
    save(tmp_path / "1/train/.DS_Store", picture(), format="PNG")
    save(tmp_path / "1/train/._one.png", picture())
    assert spec(tmp_path / "1", direction="b_to_a").open("train").describe() == (
        f"2 pairs in {tmp_path}/1/train, side by side: source = right half (B), "
        "target = left half (A); skipped 2 files of the system (.DS_Store, ._one.png)"
    )
    write_layout(tmp_path / "2", "A/train B/train")
    assert spec(tmp_path / "2").open("train").describe() == (
        f"2 pairs in {tmp_path}/2, matched by name: "
        f"source = {tmp_path}/2/A/train, target = {tmp_path}/2/B/train"
    )


def test_folders_in_folders_are_sorted_by_path(tmp_path: Path) -> None:
    for name in ("b/1", "a/2", "a-c/9", "a/1.5", "C"):
        save(tmp_path / f"A/train/{name}.PNG")
        save(tmp_path / f"B/train/{name}.jpg")
    data = spec(tmp_path).open("train")
    names = [data.read(index, None).name for index in range(len(data))]
    assert names == ["C", "a-c/9", "a/1.5", "a/2", "b/1"]
    assert data.read(2, None).files == (
        f"{tmp_path}/A/train/a/1.5.PNG",
        f"{tmp_path}/B/train/a/1.5.jpg",
    )


def test_modes_are_meant_after_the_direction(tmp_path: Path) -> None:
    save(tmp_path / "trainA/x.png", picture("RGB"))
    save(tmp_path / "trainB/x.png", picture("L"))
    recipe = spec(tmp_path, direction="b_to_a", source="grey", target="rgb")
    assert {name: m.shape[0] for name, m in recipe.open("train").read(0, None).maps.items()} == {
        "source": 1,
        "target": 3,
    }
    assert recipe.maps() == {"source": Image(1), "target": Image(3)}
    assert recipe.inspect("train") == []


@pytest.mark.parametrize(
    ("mode", "file", "count"),
    [("grey", "L", 1), ("rgb", "RGB", 3), (1, "L", 1), (2, "LA", 2), (3, "RGB", 3), (4, "RGBA", 4)],
)
def test_channels(tmp_path: Path, mode: str | int, file: str, count: int) -> None:
    for side in "AB":
        save(tmp_path / side / "train/x.png", picture(file))
    recipe = spec(tmp_path, source=mode, target=mode, load=[8, 12])
    assert recipe.maps()["source"] == Image(count, 8, 12)
    assert recipe.open("train").read(0, None).maps["source"].shape == (count, 8, 12)
    assert recipe.inspect("train") == []


def test_four_channels_may_be_inks_but_not_mixed(tmp_path: Path) -> None:
    for side in "AB":
        save(tmp_path / side / "train/x.tif", picture("CMYK"))
        save(tmp_path / side / "train/y.tif", picture("RGBA"))
    assert spec(tmp_path, source=4, target=4).inspect("train") == [
        f"{tmp_path}/{side}/train/y.tif is RGBA, but the files before it are CMYK; convert one kind"
        for side in "AB"
    ]


def test_resizing_leaves_channels_apart(tmp_path: Path) -> None:
    """Pillow weighs color by alpha; a channel of zeros must not blacken the others."""
    image = picture("RGBA", 8, 8, value=200)
    image.putalpha(0)
    for side in "AB":
        save(tmp_path / side / "train/x.png", image)
    read = spec(tmp_path, source=4, target=4, load=[4, 4]).open("train").read(0, None)
    assert torch.equal(read.maps["source"][2], torch.full((4, 4), 200, dtype=torch.uint8))
    assert torch.equal(read.maps["source"][3], torch.zeros(4, 4, dtype=torch.uint8))


# ---------------------------------------------------------------------------------- refusals


def deep_png(path: Path) -> None:
    """A color PNG of 16 bits a channel, which Pillow would cut to 8."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(13)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))


def cut(path: Path) -> None:
    save(path, Pictures.effect_noise((64, 64), 50).convert("RGB"))
    path.write_bytes(path.read_bytes()[:-900])


def turned(path: Path) -> None:
    tag = Pictures.Exif()
    tag[0x0112] = 6
    save(path, exif=tag)


REFUSED_FILES: list[tuple[str, Callable[[Path], object], str]] = [
    (
        "x.png",
        lambda path: save(path, picture("L")),
        "{path} is grey (L); the recipe says source: rgb. "
        "Say `source: grey`, or convert the files to color (RGB)",
    ),
    (
        "x.png",
        lambda path: save(path, picture("RGBA")),
        "{path} is color with alpha (RGBA); the recipe says source: rgb. "
        "Say `source: 4`, or convert the files to color (RGB)",
    ),
    (
        "x.png",
        lambda path: save(path, picture("LA")),
        "{path} is grey with alpha (LA); the recipe says source: rgb. "
        "Say `source: 2`, or convert the files to color (RGB)",
    ),
    (
        "x.jpg",
        lambda path: save(path, picture("CMYK")),
        "{path} is four inks (CMYK); the recipe says source: rgb. "
        "Say `source: 4`, or convert the files to color (RGB)",
    ),
    (
        "x.png",
        lambda path: save(path, picture("P")),
        "{path} is a palette picture (P); the recipe says source: rgb. "
        "Convert the files to color (RGB)",
    ),
    (
        "x.png",
        lambda path: save(path, picture("1")),
        "{path} is black and white (1); the recipe says source: rgb. "
        "Convert the files to color (RGB)",
    ),
    (
        "x.png",
        lambda path: save(path, picture("I;16")),
        "{path} is 16-bit grey (I;16); the recipe says source: rgb. "
        "Convert the files to color (RGB)",
    ),
    (
        "x.tif",
        lambda path: save(path, picture("F")),
        "{path} is floating-point grey (F); the recipe says source: rgb. "
        "Convert the files to color (RGB)",
    ),
    (
        "x.png",
        deep_png,
        "{path} is stored with more than 8 bits a channel; convert the files to 8 bits",
    ),
    (
        "x.ppm",
        lambda path: path.write_bytes(b"P6\n1 1\n65535\n" + bytes(6)),
        "{path} is stored with more than 8 bits a channel; convert the files to 8 bits",
    ),
    (
        "x.png",
        lambda path: save(path, transparency=(0, 0, 0)),
        "{path} is a picture with a transparent color (tRNS); save it without",
    ),
    (
        "x.tif",
        lambda path: save(path, save_all=True, append_images=[picture(value=9)]),
        "{path} is a series of 2 pictures; save each as a file of its own",
    ),
    *(
        (
            name,
            turned,
            "{path} is turned by its EXIF orientation 6; turn the pixels and remove the tag "
            "(`mogrify -auto-orient`, PIL.ImageOps.exif_transpose)",
        )
        for name in ("x.jpg", "x.png", "x.tif", "x.webp")
    ),
    ("x.png", Path.touch, "{path} is empty (0 bytes); get it again, or take it out"),
    (
        "x.jpg",
        lambda path: path.write_text("<html>not found</html>"),
        "{path} is not a picture, whatever its name says; get it again, or take it out",
    ),
    (
        "x.jpg",
        lambda path: path.symlink_to("nowhere"),
        "{path} cannot be opened (No such file or directory)",
    ),
]


@pytest.mark.parametrize(("name", "write", "message"), REFUSED_FILES)
def test_refused_files(
    tmp_path: Path, name: str, write: Callable[[Path], object], message: str
) -> None:
    """Opening lists and pairs; reading and `inspect` say the same of the file."""
    path = tmp_path / "A/train" / name
    path.parent.mkdir(parents=True)
    write(path)
    save(tmp_path / "B/train/x.png")
    recipe = spec(tmp_path)
    with pytest.raises(DataError) as caught:
        recipe.open("train").read(0, None)
    assert str(caught.value) == message.format(path=path)
    assert recipe.inspect("train") == [message.format(path=path)]


@pytest.mark.parametrize("name", ["x.jpg", "x.png"])
def test_a_file_cut_short_is_found_when_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "A/train" / name
    cut(path)
    save(tmp_path / "B/train/x.png", picture(height=64, width=64))
    with pytest.raises(DataError) as caught:
        spec(tmp_path).open("train").read(0, None)
    start, _, end = str(caught.value).partition("(")
    assert start == f"{path} is damaged or cut short "
    assert end.endswith("; get it again, or take it out")


def test_one_file_wrong_for_both_sides(tmp_path: Path) -> None:
    path = save(tmp_path / "train/x.png", picture("L"))
    assert spec(tmp_path).inspect("train") == [
        f"{path} is grey (L); the recipe says source: rgb and target: rgb. "
        "Say `source: grey` and `target: grey`, or convert the files to color (RGB)"
    ]


REFUSED_FOLDERS: list[tuple[list[str], str]] = [
    (
        [],
        "{root} has no split 'train': looked for train/ (side by side); A/train/ and B/train/; "
        "trainA/ and trainB/; train_A/ and train_B/; found nothing in it. "
        "Name another folder with --data DIR, or arrange the files in one of these ways",
    ),
    (
        ["images/x.png", "note.txt"],
        "{root} has no split 'train': looked for train/ (side by side); A/train/ and B/train/; "
        "trainA/ and trainB/; train_A/ and train_B/; found images/, note.txt. "
        "Name another folder with --data DIR, or arrange the files in one of these ways",
    ),
    (
        ["train/x.png", "trainA/x.png", "trainB/x.png"],
        "{root} has the split 'train' more than once: train/ (side by side); trainA/ and trainB/; "
        "keep one of them",
    ),
    (
        ["A/train/x.png"],
        "{root}/A/train has no {root}/B/train beside it; put the partners there, "
        "with the same names",
    ),
    (["train/"], "{root}/train has no pictures in it (" + EXTENSIONS + ")"),
    (
        ["train/x.png", "train/notes.txt"],
        "{root}/train/notes.txt is not a picture (" + EXTENSIONS + "); move it out of {root}/train",
    ),
    (
        ["train/x.png", "train/.ipynb_checkpoints/x.png"],
        "{root}/train/.ipynb_checkpoints/x.png is hidden; move it out of {root}/train",
    ),
    (
        ["train/x.png", "train/x.jpg"],
        "{root}/train/x.png and {root}/train/x.jpg have one name; take one out, or rename it",
    ),
    (
        ["A/train/x.png", "A/train/y.png", "B/train/x.png", "B/train/z.png"],
        "{root}/A/train/y.png has no partner {root}/B/train/y.*; add it, or take this file out\n"
        "{root}/B/train/z.png has no partner {root}/A/train/z.*; add it, or take this file out",
    ),
    (["A/train/x.png", "B/train/"], "{root}/B/train has no pictures in it (" + EXTENSIONS + ")"),
]


@pytest.mark.parametrize(("files", "message"), REFUSED_FOLDERS)
def test_refused_folders(tmp_path: Path, files: list[str], message: str) -> None:
    for name in files:
        path = tmp_path / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("hello")
        elif path.suffix:
            save(path)
    recipe = spec(tmp_path)
    with pytest.raises(DataError) as caught:
        recipe.open("train")
    assert str(caught.value) == message.format(root=tmp_path)
    assert "\n".join(recipe.inspect("train")) == message.format(root=tmp_path)


def test_no_more_mistakes_than_a_screen_holds(tmp_path: Path) -> None:
    save(tmp_path / "B/train/z.png")
    for index in range(12):
        save(tmp_path / f"A/train/{index:02}.png")
    with pytest.raises(DataError) as caught:
        spec(tmp_path).open("train")
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 3 more; `gan-zoo check` lists all"
    assert len(spec(tmp_path).inspect("train")) == 13


def test_two_sizes_in_a_pair(tmp_path: Path) -> None:
    odd = save(tmp_path / "train/x.png", picture(width=7))
    said = (
        f"{odd} is 7 wide, which makes halves of 3 and 4: two sizes in a pair; make the width even"
    )
    a = save(tmp_path / "A/val/x.png", picture(height=4))
    b = save(tmp_path / "B/val/x.png", picture(height=5))
    also = f"{a} is 4x6 (height x width), but its partner {b} is 5x6; make the two sizes equal"
    for split, message in (("train", said), ("val", also)):
        with pytest.raises(DataError) as caught:
            spec(tmp_path, load=[8, 8]).open(split).read(0, None)
        assert str(caught.value) == message
        assert spec(tmp_path).inspect(split) == [message]


def test_a_missing_root_is_said_with_its_cure(tmp_path: Path) -> None:
    recipe = spec(tmp_path / "nowhere")
    said = f"there is no folder {tmp_path}/nowhere; name yours with --data DIR"
    assert recipe.missing() == [said]
    assert recipe.inspect("train") == [said]
    with pytest.raises(DataError, match="there is no folder"):
        recipe.open("train")
    assert spec(tmp_path).missing() == []


REFUSED_OPTIONS = [
    (
        {"load": [8, 8], "scale_width": 8},
        "load and scale_width both set the size before the crop; keep one of them",
    ),
    (
        {"load": [8, 8], "crop": [9, 8]},
        "crop is 9 high, but load makes the pictures 8 high; use a smaller crop or a larger load",
    ),
    (
        {"scale_width": 8, "crop": [20, 9]},
        "crop is 9 wide, but scale_width makes the pictures 8 wide; "
        "use a smaller crop or a larger scale_width",
    ),
    *(
        (
            {"source": mode},
            "a mode is rgb, grey, or the number of channels of the files from 1 to 4",
        )
        for mode in ("gray", 0, 5, True)
    ),
    ({"flip": 1.5}, "Input should be less than or equal to 1"),
    ({"sorce": "rgb"}, "Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED_OPTIONS)
def test_refused_options(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        spec(tmp_path, **options)
    assert [error["msg"] for error in caught.value.errors()] == [message]


# ---------------------------------------------------------------------------------- geometry


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        ({}, None, (None, None)),
        ({"load": [286, 280]}, None, (286, 280)),
        ({"load": [286, 280], "crop": [256, 250]}, None, (256, 250)),
        ({"scale_width": 512}, None, (None, 512)),
        ({"scale_width": 512, "crop": [64, 32]}, None, (64, 32)),
        ({"load": [286, 280], "crop": [256, 250]}, (512, 1024), (512, 1024)),
    ],
)
def test_shapes_from_the_recipe_alone(
    options: dict[str, object],
    size: tuple[int, int] | None,
    expected: tuple[int | None, int | None],
) -> None:
    maps = spec(Path("nowhere"), target="grey", **options).maps(size)
    assert maps == {"source": Image(3, *expected), "target": Image(1, *expected)}


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_source_and_target_share_one_draw(
    height: int, width: int, seed: int, data: st.DataObject
) -> None:
    crop = (data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    source = picture(height=height, width=width)
    maps = {"source": source, "target": source.point(lambda value: 255 - value)}
    rule = Geometry(crop=crop, flip=0.5)
    done = rule.apply(maps, np.random.default_rng(seed), "x")
    again = rule.apply(maps, np.random.default_rng(seed), "x")
    one, other = (np.asarray(done[name]) for name in ("source", "target"))
    assert one.shape == (*crop, 3)
    assert np.array_equal(one, 255 - other)
    assert np.array_equal(one, np.asarray(again["source"]))
    columns = one[0, :, 1].astype(int)  # a run of columns, forwards or backwards
    assert set(np.diff(columns)) <= {1} or set(np.diff(columns)) <= {-1}


def test_resized_pairs_share_one_draw(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path, 12, 12, load=[16, 16], crop=[8, 8], flip=0.5)
    for seed in range(8):
        maps = recipe.open("train").read(0, np.random.default_rng(seed)).maps
        difference = maps["source"].int() + maps["target"].int() - 255
        assert difference.abs().max() <= 1  # rounding


def test_offsets_cover_the_whole_range() -> None:
    """0 .. size - crop, both ends included, all equally often."""
    rule, maps = Geometry(crop=(4, 4), flip=0.25), {"source": picture(height=6, width=8)}
    draw, seen, flips = np.random.default_rng(0), np.zeros((3, 5), int), 0
    for _ in range(3000):
        done = np.asarray(rule.apply(maps, draw, "x")["source"])
        flipped = done[0, 0, 1] > done[0, 1, 1]
        flips += bool(flipped)
        seen[done[0, 0, 0], done[0, 3 if flipped else 0, 1]] += 1
    assert seen.min() > 150  # 200 each on average
    assert seen.max() < 250
    assert abs(flips - 750) < 75


@pytest.mark.parametrize(
    "rule",
    [Geometry(), Geometry(flip=0.5), Geometry(load=(9, 9), crop=(4, 4)), Geometry(size=(4, 6))],
)
def test_three_numbers_are_drawn_whatever_the_rule(rule: Geometry) -> None:
    draw, other = np.random.default_rng(5), np.random.default_rng(5)
    rule.apply({"source": picture()}, draw, "x")
    other.random(3)
    assert draw.random() == other.random()


@pytest.mark.parametrize(
    ("options", "trained", "evaluated"),
    [
        ({}, (12, 20), (12, 20)),
        ({"load": [16, 16]}, (16, 16), (16, 16)),
        ({"crop": [8, 8]}, (8, 8), (12, 20)),  # every pixel is judged
        ({"load": [16, 16], "crop": [8, 8]}, (8, 8), (8, 8)),  # load size = crop size
        ({"scale_width": 33}, (19, 33), (19, 33)),  # 19.8, rounded down
        ({"scale_width": 40, "crop": [8, 8]}, (8, 8), (24, 40)),
    ],
)
def test_sizes_in_training_and_evaluation(
    tmp_path: Path,
    options: dict[str, object],
    trained: tuple[int, int],
    evaluated: tuple[int, int],
) -> None:
    data = one_pair(tmp_path, 12, 20, **options).open("train")
    assert data.read(0, np.random.default_rng(0)).maps["target"].shape == (3, *trained)
    assert data.read(0, None).maps["target"].shape == (3, *evaluated)


def test_evaluation_shows_the_whole_picture_and_never_flips(tmp_path: Path) -> None:
    maps = one_pair(tmp_path, 16, 16, load=[20, 20], crop=[8, 8], flip=1.0).open("train")
    source = maps.read(0, None).maps["source"]
    expected = picture(height=16, width=16, value=7).resize((8, 8), Pictures.Resampling.BICUBIC)
    assert torch.equal(source, torch.from_numpy(np.array(expected)).permute(2, 0, 1))


def test_pictures_smaller_than_the_crop(tmp_path: Path) -> None:
    path = tmp_path / "A/train/x.png"
    for options, seen in (({}, ""), ({"scale_width": 10}, ", 6x10 after scale_width")):
        recipe = one_pair(tmp_path, 12, 20, crop=[16, 8], **options)
        message = (
            f"{path} is 12x20{seen} (height x width), smaller than crop [16, 8]; "
            "use a smaller crop, or enlarge with load"
        )
        with pytest.raises(DataError) as caught:
            recipe.open("train").read(0, np.random.default_rng(0))
        assert str(caught.value) == message
        assert recipe.inspect("train") == [message]
        assert recipe.open("train").read(0, None).maps["source"].shape[0] == 3


def test_size_takes_the_place_of_the_size_rule(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path, 12, 24, load=[9, 9], crop=[8, 8], flip=1.0)
    data = recipe.open("train", (6, 12))
    assert data.read(0, None).maps["source"].shape == (3, 6, 12)
    turned = data.read(0, np.random.default_rng(0)).maps["source"]
    assert torch.equal(turned, data.read(0, None).maps["source"].flip(-1))


def test_another_aspect_ratio(tmp_path: Path) -> None:
    data = one_pair(tmp_path, 12, 24).open("train", (8, 8))
    with pytest.raises(DataError) as caught:
        data.read(0, None)
    assert str(caught.value) == (
        f"{tmp_path}/A/train/x.png is 12x24 (height x width), which is not the aspect ratio of "
        "size [8, 8]; say `aspect: crop` or `aspect: stretch` in data"
    )
    whole = picture(height=12, width=24, value=7)
    middle = whole.crop((6, 0, 18, 12))
    for aspect, part in (("stretch", whole), ("crop", middle)):
        read = spec(tmp_path, aspect=aspect).open("train", (8, 8)).read(0, None)
        expected = np.array(part.resize((8, 8), Pictures.Resampling.BICUBIC))
        assert torch.equal(read.maps["source"], torch.from_numpy(expected).permute(2, 0, 1))


@given(height=st.integers(1, 3000), width=st.integers(1, 3000), wide=st.integers(1, 3000))
def test_a_size_of_the_same_aspect_ratio_fits_to_the_pixel(
    height: int, width: int, wide: int
) -> None:
    high = max(1, round(height * wide / width))
    rule = Geometry(size=(high, wide))
    if high == round(height * wide / width):
        assert rule.steps(height, width, "x", training=True).keep == (0, 0, height, width)


@given(
    height=st.integers(1, 99),
    width=st.integers(1, 99),
    high=st.integers(1, 99),
    wide=st.integers(1, 99),
)
def test_a_centre_crop_lies_inside(height: int, width: int, high: int, wide: int) -> None:
    rule = Geometry(size=(high, wide), aspect="crop")
    top, left, kept_height, kept_width = rule.steps(height, width, "x", training=True).keep
    assert 0 <= top <= height - kept_height
    assert 0 <= left <= width - kept_width
    assert kept_height == height or kept_width == width
    assert min(kept_height, kept_width) >= 1


def test_ids_are_never_mixed() -> None:
    ids = Pictures.fromarray(np.array([[0, 10], [200, 30]], np.uint8))
    done = Geometry(load=(7, 5), ids=frozenset({"label"})).apply({"label": ids}, None, "x")
    assert set(np.unique(np.asarray(done["label"]))) == {0, 10, 30, 200}


def test_sizes_in_training_are_told_with_their_first_file(tmp_path: Path) -> None:
    for name, height, width in (("a", 4, 6), ("b", 4, 6), ("c", 6, 4), ("d", 8, 12)):
        save(tmp_path / f"A/train/{name}.png", picture(height=height, width=width))
        save(tmp_path / f"B/train/{name}.png", picture(height=height, width=width))
    folder = tmp_path / "A/train"
    assert spec(tmp_path).sizes("train") == {
        (4, 6): f"{folder}/a.png",
        (6, 4): f"{folder}/c.png",
        (8, 12): f"{folder}/d.png",
    }
    assert spec(tmp_path, scale_width=12).sizes("train") == {
        (8, 12): f"{folder}/a.png",
        (18, 12): f"{folder}/c.png",
    }
    assert spec(tmp_path, crop=[4, 4]).sizes("train") == {(4, 4): f"{folder}/a.png"}
    assert spec(tmp_path, aspect="crop").sizes("train", (2, 2)) == {(2, 2): f"{folder}/a.png"}
    assert spec(tmp_path).sizes("nowhere") == {}
    assert EmojiSpec().sizes("val").keys() == {(64, 64)}


def test_headers_are_read_once_and_again_when_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_zoo_data import pictures

    opened, header = [], pictures.header
    monkeypatch.setattr(pictures, "header", lambda *a: opened.append(a[0]) or header(*a))
    recipe = one_pair(tmp_path)
    assert recipe.inspect("train") == []
    assert list(recipe.sizes("train")) == [(4, 6)]
    assert len(opened) == 2
    one_pair(tmp_path, height=40)
    assert list(recipe.sizes("train")) == [(40, 6)]


# ---------------------------------------------------------------------------------- inputs


def test_inputs_are_whole_and_at_their_own_size(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path / "data", load=[9, 9], crop=[8, 8], flip=1.0)
    save(tmp_path / "mine/b/two.jpg", picture(height=5, width=7))
    save(tmp_path / "mine/one.png", picture(height=3, width=9))
    data = recipe.inputs(tmp_path / "mine")
    samples = [data.read(index, None) for index in range(len(data))]
    assert {sample.name: tuple(sample.maps["source"].shape) for sample in samples} == {
        "b/two": (3, 5, 7),
        "one": (3, 3, 9),
    }
    assert [list(sample.maps) for sample in samples] == [["source"], ["source"]]
    assert data.describe() == f"2 pictures in {tmp_path}/mine, whole"
    one = recipe.inputs(str(tmp_path / "mine/one.png"))
    assert [one.read(0, None).name, len(one)] == ["one", 1]
    assert one.describe() == f"1 picture in {tmp_path}/mine/one.png, whole"


@pytest.mark.parametrize(
    ("direction", "half", "value"),
    [("a_to_b", "left half (A)", 1), ("b_to_a", "right half (B)", 2)],
)
def test_inputs_take_the_source_half(tmp_path: Path, direction: str, half: str, value: int) -> None:
    save(tmp_path / "test/x.png", side_by_side(picture(value=1), picture(value=2)))
    recipe = spec(tmp_path, direction=direction)
    for path in (tmp_path / "test", tmp_path / "test/x.png"):
        with pytest.raises(DataError) as caught:
            recipe.inputs(path)
        assert str(caught.value) == (
            f"{path} holds pairs side by side, as in training; --pairs takes the source half, "
            "or name a folder of source pictures"
        )
        data = recipe.inputs(path, pairs=True)
        read = data.read(0, None).maps["source"]
        assert read.shape == (3, 4, 6)
        assert int(read[2, 0, 0]) == value
        assert data.describe() == (f"1 picture in {path}, {half} of each: side by side, as asked")
    asked = spec(tmp_path / "elsewhere", direction=direction).inputs(tmp_path / "test", pairs=True)
    assert int(asked.read(0, None).maps["source"][2, 0, 0]) == value
    assert asked.describe() == (
        f"1 picture in {tmp_path}/test, {half} of each: side by side, as asked"
    )


def test_inputs_from_a_folder_of_sources_stay_whole(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path)
    assert recipe.inputs(tmp_path / "A/train").read(0, None).maps["source"].shape == (3, 4, 6)


def test_refused_inputs(tmp_path: Path) -> None:
    save(tmp_path / "data/test/x.png")
    (tmp_path / "note.txt").write_text("hello")
    grey = save(tmp_path / "grey/x.png", picture("L"))
    recipe = spec(tmp_path / "data")
    with pytest.raises(DataError) as caught:
        recipe.inputs(tmp_path / "data")
    assert str(caught.value) == (
        f"{tmp_path}/data holds the splits of the data; name one, as {tmp_path}/data/test"
    )
    with pytest.raises(DataError) as caught:
        recipe.inputs(tmp_path / "nowhere")
    assert str(caught.value) == f"there is no file or folder {tmp_path}/nowhere"
    with pytest.raises(DataError) as caught:
        recipe.inputs(tmp_path / "note.txt")
    assert str(caught.value) == f"{tmp_path}/note.txt is not a picture ({EXTENSIONS})"
    with pytest.raises(DataError) as caught:
        recipe.inputs(grey).read(0, None)
    assert str(caught.value) == (  # a trained model cannot change its mind
        f"{grey} is grey (L); the recipe says source: rgb. Convert the files to color (RGB)"
    )


# ---------------------------------------------------------------------------------- emoji


@pytest.mark.parametrize(("split", "count"), [("train", 560), ("val", 40), ("test", 60)])
def test_emoji_are_complete(split: str, count: int) -> None:
    recipe = EmojiSpec()
    assert len(recipe.open(split)) == count
    assert recipe.inspect(split) == []
    for side, mode in (("A", "L"), ("B", "RGB")):
        for path in (SAMPLE / side / split).iterdir():
            with Pictures.open(path) as image:
                assert (image.mode, image.size, image.format) == (mode, (64, 64), "PNG")


def test_emoji_pixels_are_pinned() -> None:
    recipe = EmojiSpec(flip=1.0)
    assert recipe.maps() == {"source": Image(1, 64, 64), "target": Image(3, 64, 64)}
    sample = recipe.open("train").read(0, None)
    assert sample.name == "3rd-place-medal"
    digests = {
        name: hashlib.sha256(pixels.permute(1, 2, 0).contiguous().numpy().tobytes()).hexdigest()
        for name, pixels in sample.maps.items()
    }
    assert digests == {
        "source": "33dbdb78d6d980bd77c7a7610f6434783a3b795159c62b9e3bab4c5b37751cb3",
        "target": "555784220f616a96b142429e3d51c18fcdf5f8a8c8cdf1d258fd59509c0cee95",
    }
    flipped = recipe.open("train").read(0, np.random.default_rng(0))
    assert torch.equal(flipped.maps["target"], sample.maps["target"].flip(-1))


def test_emoji_stay_small() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert len(files) == 1322  # pictures, README.md, LICENSE
    assert sum(path.stat().st_size for path in files) < 3_300_000


def test_emoji_at_another_size() -> None:
    assert EmojiSpec().open("val", (32, 32)).read(0, None).maps["target"].shape == (3, 32, 32)
    assert EmojiSpec().maps((32, 32))["source"] == Image(1, 32, 32)
    with pytest.raises(ContractError) as caught:
        EmojiSpec().maps((32, 64))
    assert str(caught.value) == "emoji are square, and size is [32, 64]; use a square"


def test_emoji_inputs() -> None:
    recipe = EmojiSpec()
    data = recipe.inputs(recipe.test_inputs)
    assert len(data) == 60
    sample = data.read(0, None)
    assert sample.name == "aerial-tramway"
    assert sample.maps["source"].shape == (1, 64, 64)
    assert data.describe() == f"60 pictures in {recipe.test_inputs}, whole"


# ---------------------------------------------------------------------------------- the rest


def test_data_travels_to_other_processes(tmp_path: Path) -> None:
    recipes = [one_pair(tmp_path, load=[9, 9], crop=[4, 4], flip=0.5), EmojiSpec()]
    for data in [recipe.open("train") for recipe in recipes]:
        copy = pickle.loads(pickle.dumps(data))
        one = data.read(0, np.random.default_rng(3))
        other = copy.read(0, np.random.default_rng(3))
        assert one.name == other.name
        assert all(torch.equal(one.maps[name], other.maps[name]) for name in one.maps)


def test_the_menu_imports_no_torch() -> None:
    code = (
        "import sys, gan_zoo_data; gan_zoo_data.gan_zoo_components(); "
        "print([m for m in ('torch', 'torchvision', 'PIL', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
