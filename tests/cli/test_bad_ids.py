"""Training on maps of ids with a fault: the command names file and cure, and exits with 2."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command, Said
from tests.cli.test_bad_data import RECIPE, picture

IDS = RECIPE.replace(
    "data: {use: paired_folder, root: ROOT",
    "data: {use: label_folder, root: ROOT, classes: 3, instances: 9",
).replace(
    "generator:", "conditions: {picture: null, l: {use: one_hot}, e: {use: boundary}}\ngenerator:"
)


def ids(
    path: Path, height: int = 16, width: int = 16, *, most: int = 3, dtype: type = np.uint8
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.arange(height * width).reshape(height, width) * 5 // (height * width) % most
    Image.fromarray(values.astype(dtype)).save(path)
    return path


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Two good samples of a label map, an instance map and a photo."""
    for name in ("a", "bb"):
        ids(tmp_path / "maps/train_label" / f"{name}.png")
        ids(tmp_path / "maps/train_inst" / f"{name}.png", most=5, dtype=np.uint16)
        picture(tmp_path / "maps/train_img" / f"{name}.jpg", width=16)
    return tmp_path / "maps"


def another_size(root: Path) -> str:
    label = ids(root / "train_label/bb.png", height=20)
    return f"{label} is 20x16 (height x width), but its instance map {root}/train_inst/bb.png is 16"


def another_size_of_the_photo(root: Path) -> str:
    photo = picture(root / "train_img/bb.jpg", height=20, width=16)
    return f"but its partner {photo} is 20x16; make the two sizes equal"


def beyond_the_classes(root: Path) -> str:
    label = ids(root / "train_label/a.png", most=4)
    return f"{label} holds the id 3, but the recipe says classes: 3, which are 0 to 2; say `ignore:"


def many_instances(root: Path) -> str:
    path = root / "train_inst/a.png"
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 256).save(path)
    return f"{path} holds 256 different ids, but the recipe says instances: 9; say `instances: 256`"


def no_instance_map(root: Path) -> str:
    (root / "train_inst/bb.png").unlink()
    return f"{root}/train_label/bb.png has no instance map {root}/train_inst/bb.*; add it, or take"


def no_instance_maps(root: Path) -> str:
    (root / "train_inst").rename(root / "instances")
    return f"has no {root}/train_inst beside it; put the instance maps there, with the same names"


def labels_as_jpeg(root: Path) -> str:
    path = root / "train_label/a.png"
    Image.open(path).save(path.with_suffix(".jpg"))
    path.unlink()
    return f"{path.with_suffix('.jpg')} is stored as JPEG, which mixes the ids along every edge"


def labels_in_colors(root: Path) -> str:
    path = picture(root / "train_label/a.png", width=16)
    return f"{path} is a color picture, but a map of ids holds one number a pixel"


def labels_with_alpha(root: Path) -> str:
    path = root / "train_label/a.png"
    Image.open(path).convert("LA").save(path)
    return f"{path} is of the mode LA; a map of ids has one whole number a pixel and no alpha"


def wrong_stems(root: Path) -> str:
    (root / "train_img/bb.jpg").rename(root / "train_img/b.jpg")
    return f"{root}/train_img/b.jpg has no label map {root}/train_label/b.*"


def wrong_endings(root: Path) -> str:
    for path in [*(root / "train_label").iterdir()]:
        path.rename(path.with_name(f"{path.stem}_seg.png"))
    return "may differ if the data says so: `suffixes: {label: _seg, target: ''}`"


def a_mask(root: Path) -> str:
    for path in (root / "train_label").iterdir():
        Image.fromarray(np.eye(16, dtype=np.uint8) * 255).save(path)
    return "as a mask of 0 and 255 it has two classes, whose ids are 0 and 1: say `remap: {255: 1}`"


def deep_photo(root: Path) -> str:
    """A color PNG of 16 bits a channel, whose range the recipe does not say."""
    (root / "train_img/a.jpg").unlink()
    path = root / "train_img/a.png"
    header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(16 * (1 + 16 * 6)))), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in parts
        )
    )
    return f"{path} is color of 16 bits (RGB"


def palette_photo(root: Path) -> str:
    (root / "train_img/a.jpg").unlink()
    path = picture(root / "train_img/a.png", width=16)
    Image.open(path).quantize(8).save(path)
    return f"{path} is a palette picture (P); the recipe says target: rgb. Convert the files to col"


def photo_with_alpha(root: Path) -> str:
    (root / "train_img/a.jpg").unlink()
    path = picture(root / "train_img/a.png", width=16)
    Image.open(path).convert("RGBA").save(path)
    return f"{path} is color with alpha (RGBA); the recipe says target: rgb. Say `target: rgba`, or"


def trained_on_ids(zoo: Command, root: Path, *words: object) -> Said:
    recipe = root.parent / "mine.yaml"
    recipe.write_text(IDS.replace("ROOT", str(root)))
    return zoo("run", recipe, "--out", root.parent / "run", *words)


@pytest.mark.parametrize(
    "fault",
    [
        another_size,
        another_size_of_the_photo,
        no_instance_map,
        no_instance_maps,
        labels_as_jpeg,
        labels_in_colors,
        labels_with_alpha,
        wrong_stems,
        wrong_endings,
        deep_photo,
        palette_photo,
        photo_with_alpha,
    ],
)
def test_a_fault_in_maps_of_ids_is_named_before_the_first_step(
    zoo: Command, maps: Path, fault: Callable[[Path], str]
) -> None:
    told = fault(maps)
    said = trained_on_ids(zoo, maps)
    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err
    assert not (maps.parent / "run").exists()


@pytest.mark.parametrize("fault", [beyond_the_classes, many_instances, a_mask])
def test_a_fault_in_the_ids_themselves_is_found_by_a_check_and_where_it_is_read(
    zoo: Command, maps: Path, fault: Callable[[Path], str]
) -> None:
    """A run decodes nothing before it trains; a bad id ends it with what was learned before."""
    told = fault(maps)
    recipe = maps.parent / "mine.yaml"
    said = trained_on_ids(zoo, maps)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert told.partition(": together")[0].split("(")[-1].split(",")[0] in said.err
    run = maps.parent / "run"
    assert len(list((run / "state").glob("step-*"))) == 1
    assert f"gan-zoo resume {run} goes on" in said.err
    checked = zoo("check", recipe)
    assert (checked.code, told in checked.out) == (2, True)


def as_they_are(root: Path) -> tuple[str, ...]:
    return ()


def palette_labels(root: Path) -> tuple[str, ...]:
    path = root / "train_label/a.png"
    with Image.open(path) as image:
        image.putpalette([200, 10, 30] * 256)  # colors count for nothing
        image.save(path)
    with Image.open(path) as image:
        assert image.mode == "P"
    return ()


def ignored_ids(root: Path) -> tuple[str, ...]:
    ids(root / "train_label/a.png", most=4)
    return "--set", "data.ignore=[3]"


def no_wish_for_instances(root: Path) -> tuple[str, ...]:
    for path in (root / "train_inst").iterdir():
        path.unlink()
    (root / "train_inst").rmdir()
    return "--set", "data.instance=false", "--set", "conditions.e=null"


def deep_instances(root: Path) -> tuple[str, ...]:
    ids(root / "train_inst/a.png", most=5, dtype=np.uint8)
    Image.fromarray(np.full((16, 16), 100_000, np.int32)).save(root / "train_inst/bb.tif")
    (root / "train_inst/bb.png").unlink()
    return ()


@pytest.mark.parametrize(
    "change", [as_they_are, palette_labels, ignored_ids, no_wish_for_instances, deep_instances]
)
def test_odd_but_sound_maps_train(
    zoo: Command, maps: Path, change: Callable[[Path], tuple[str, ...]]
) -> None:
    said = trained_on_ids(zoo, maps, *change(maps))
    assert said.code == 0, said.err
    assert len((maps.parent / "run/log.jsonl").read_text().splitlines()) == 4


def test_a_photo_for_a_model_of_label_maps(zoo: Command, maps: Path) -> None:
    """In its folder, or anywhere."""
    flat = ("--set", "data.instance=false", "--set", "conditions.e=null", "--steps", "1")
    assert trained_on_ids(zoo, maps, *flat).code == 0
    photo = maps / "train_img/a.jpg"
    said = zoo("translate", maps.parent / "run", photo, maps.parent / "out")
    assert said.code == 2
    assert said.err == (
        f"{photo} is one of the photos, but the model reads label maps; name {maps}/train_label or "
        "a file in it\n"
    )
    photo = photo.rename(maps.parent / "a.jpg")
    said = zoo("translate", maps.parent / "run", photo, maps.parent / "out")
    assert said.code == 2
    assert f"{photo} is a color picture, but the model reads a map of ids here" in said.err
    assert not (maps.parent / "out").exists()
