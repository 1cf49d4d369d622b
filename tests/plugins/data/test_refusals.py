"""Files, folders and options that paired folders refuse, each with its cure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image as Pictures
from pydantic import ValidationError

from gan_zoo.errors import DataError
from tests.plugins.data.making import EXTENSIONS, picture, save, spec


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


RANGE = (
    "The numbers go from {own}: say `source: {{mode: grey, range: {pair}}}`, with a low and a high "
    "that hold for all files, those to translate too. They become -1 and 1; what lies beyond is "
    "clipped"
)
CUT_TO_8 = (
    "{path} is stored with more than 8 bits a channel, of which Pillow keeps the upper 8; save it "
    "as PNG or TIFF of 16 bits with a program that reads all of them, and say its `range: [low, "
    "high]` in the recipe"
)

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
        "Say `source: rgba`, or convert the files to color (RGB)",
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
        "Say `source: cmyk`, or convert the files to color (RGB)",
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
        + RANGE.replace("{own}", "0 to 0").replace("{pair}", "[LOW, HIGH]"),
    ),
    (
        "x.tif",
        lambda path: save(path, picture("F")),
        "{path} is floating-point grey (F); the recipe says source: rgb. "
        + RANGE.replace("{own}", "0 to 0").replace("{pair}", "[LOW, HIGH]"),
    ),
    (
        "x.png",
        deep_png,
        "{path} is color of 16 bits (RGB;16); the recipe says source: rgb. "
        + RANGE.replace("{own}", "0 to 0").replace("grey", "rgb").replace("{pair}", "[LOW, HIGH]"),
    ),
    (
        "x.ppm",
        lambda path: path.write_bytes(b"P6\n1 1\n65535\n" + bytes(6)),
        CUT_TO_8,
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
            "{path} is turned by its EXIF orientation 6; say `source: {{mode: rgb, orient: "
            "exif}}`, or turn the pixels and remove the tag (`mogrify -auto-orient`, "
            "PIL.ImageOps.exif_transpose)",
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
        "x.tif",
        lambda path: path.write_text("five channels"),
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
    assert spec(tmp_path).inspect("train") == []  # the header is sound
    assert spec(tmp_path).decode("train") == [str(caught.value)]
    save(path, picture(height=64, width=64))
    assert spec(tmp_path).decode("train") == []


@pytest.mark.parametrize(
    ("mode", "kind", "name"),
    [(np.uint16, "16-bit grey (I;16)", "png"), (np.int32, "32-bit grey (I)", "tif")],
)
def test_deep_files_are_told_their_common_range(
    tmp_path: Path, mode: type, kind: str, name: str
) -> None:
    """The message's own cure cures."""
    values = np.linspace(0, 60000, 24).reshape(4, 6)
    for number, low in enumerate((7, 0)):
        deep = Pictures.fromarray((values + low).astype(mode))
        save(tmp_path / f"A/train/{number}.{name}", deep)
        save(tmp_path / f"B/train/{number}.png")
    files = ", ".join(f"{tmp_path}/A/train/{number}.{name}" for number in (0, 1))
    [told] = spec(tmp_path, source="grey").inspect("train")
    pair = RANGE.format(own="0 to 60007", pair="[0, 60007]")
    assert told == f"2 files ({files}): each is {kind}; the recipe says source: grey. {pair}"
    said = yaml.safe_load(told.partition("say `")[2].partition("`")[0])
    cured = spec(tmp_path, **said).open("train").read(1, None).maps["source"]
    assert np.abs((cured[0].numpy() + 1) * 60007 / 2 - np.asarray(deep)).max() < 0.01
    inputs = spec(tmp_path, source="grey").inputs(tmp_path / "A/train", maps=["source"])
    with pytest.raises(DataError, match="give it the type and range that the training files have"):
        inputs.read(0, None)


def test_a_fault_of_many_files_is_told_once(tmp_path: Path) -> None:
    """Broken files are named one by one all the same."""
    for number in range(12):
        save(tmp_path / f"train/{number:02}.png", picture("L"))
    (tmp_path / "train/03.png").write_bytes(b"")
    told = spec(tmp_path).inspect("train")
    first = ", ".join(f"{tmp_path}/train/{number:02}.png" for number in (0, 1, 2))
    assert told[0].startswith(f"11 files ({first}, ...): each is grey (L); the recipe says source")
    assert told[1:] == [f"{tmp_path}/train/03.png is empty (0 bytes); get it again, or take it out"]
    (tmp_path / "train/04.png").write_bytes(b"")
    (tmp_path / "train/05.png").write_bytes(b"")
    assert f"{tmp_path}/train/11.png): each is" in spec(tmp_path).inspect("train")[0]  # of 9 all


def test_one_file_wrong_for_both_sides(tmp_path: Path) -> None:
    path = save(tmp_path / "train/x.png", picture("L"))
    assert spec(tmp_path).inspect("train") == [
        f"{path} is grey (L); the recipe says source: rgb and target: rgb. "
        "Say `source: grey` and `target: grey`, or convert the files to color (RGB)"
    ]


CURE = (
    "Name another folder with --data DIR, arrange the files in one of these ways, or say where "
    "they lie: `layout: {{a: 'FOLDER/{{split}}', b: 'OTHER/{{split}}'}}`"
)
REFUSED_FOLDERS: list[tuple[list[str], str]] = [
    (
        [],
        "{root} has no split 'train': looked for train/ (side by side); A/train/ and B/train/; "
        "trainA/ and trainB/; train_A/ and train_B/; train/A/ and train/B/; found nothing in it. "
        + CURE,
    ),
    (
        ["images/x.png", "note.txt"],
        "{root} has no split 'train': looked for train/ (side by side); A/train/ and B/train/; "
        "trainA/ and trainB/; train_A/ and train_B/; train/A/ and train/B/; found images/, "
        "note.txt; its splits: images. " + CURE,
    ),
    (
        ["train/x.png", "trainA/x.png", "trainB/x.png"],
        "{root} has the split 'train' more than once: train/ (side by side); trainA/ and trainB/; "
        "keep one of them, or say which: `layout: {{a: '{{split}}A', b: '{{split}}B'}}`",
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
        ["train/x.png", "train/.mine/x.png"],
        "{root}/train/.mine/x.png is hidden; move it out of {root}/train",
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
    for index in range(13):
        save(tmp_path / f"A/train/{index:02}.png")
        save(tmp_path / f"B/train/{'00' if index == 0 else f'{index}x'}.png")
    with pytest.raises(DataError) as caught:
        spec(tmp_path).open("train")
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 14 more; `gan-zoo check` lists all"
    assert len(spec(tmp_path).inspect("train")) == 24


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


MODES = "a mode is rgb, grey, rgba, cmyk, or the number of channels of the files"
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
        ({"source": mode}, MODES + hint)
        for mode, hint in (
            ("gray", "; did you mean grey?"),
            ("L", "; did you mean grey?"),
            ("RGB", "; did you mean rgb?"),
            ("RGBA", "; did you mean rgba?"),
            ("3", "; did you mean 3?"),
            ("sepia", ""),
            (0, ""),
            (True, ""),
        )
    ),
    ({"flip": 1.5}, "Input should be less than or equal to 1"),
    ({"sorce": "rgb"}, "Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED_OPTIONS)
def test_refused_options(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        spec(tmp_path, **options)
    assert [error["msg"] for error in caught.value.errors()] == [message]
