"""Folders of pairs: layouts, directions, modes, and what is given to translate."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError
from tests.plugins.data.making import EXTENSIONS, one_pair, picture, save, side_by_side, spec


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
        f"2 pairs in {tmp_path}/2, matched by name: source = A/train, target = B/train"
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


def test_four_channels_are_no_inks(tmp_path: Path) -> None:
    for side in "AB":
        save(tmp_path / side / "train/x.tif", picture("CMYK"))
        save(tmp_path / side / "train/y.tif", picture("RGBA"))
    assert spec(tmp_path, source=4, target="cmyk").inspect("train") == [
        f"{tmp_path}/A/train/x.tif is four inks (CMYK); the recipe says source: 4. Say `source: "
        "cmyk`, or convert the files to color (RGB) and say `source: rgb`",
        f"{tmp_path}/B/train/y.tif is color with alpha (RGBA); the recipe says target: cmyk. Say "
        "`target: rgba`, or convert the files to four inks (CMYK)",
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
