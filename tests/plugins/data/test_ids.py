"""Maps of ids: every depth of file is read as it is stored, and nothing computes between ids."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from gan_zoo.components.instance_ids import distinct_ids
from gan_zoo.errors import DataError
from gan_zoo_data.files import pictures
from gan_zoo_data.files.ids import Ids, ids_of
from gan_zoo_data.files.pictures import Wanted
from gan_zoo_data.maps.geometry import Geometry
from tests.plugins.data.making import ids, labelled, picture, save, triple

ANY = Wanted({}, ids=(Ids(),))
LARGE = [[0, 1, 255, 256], [32767, 32768, 33005, 65535]]


def read(path: Path, rule: Ids | None = None, *, fixed: bool = False) -> list[list[int]]:
    rule = rule or Ids()
    made = ids_of(path, pictures.read(path, Wanted({}, fixed, (rule,))), rule, fixed=fixed)
    assert made.dtype == np.int32
    found: list[list[int]] = made.tolist()
    return found


def palette(values: object) -> Pictures.Image:
    image = ids(values)
    image.putpalette([255 - n for n in range(256) for _ in range(3)])  # colors count for nothing
    return image


def bits(values: object) -> Pictures.Image:
    return Pictures.fromarray(np.array(values, bool))


def big_endian(path: Path) -> None:
    """A portable grey map of 16 bits."""
    path.write_bytes(b"P5\n4 2\n65535\n" + np.array(LARGE, ">u2").tobytes())


@pytest.mark.parametrize(
    ("name", "image", "mode"),
    [
        ("8.png", ids([[0, 34, 255]]), "L"),
        ("8.bmp", ids([[0, 34, 255]]), "L"),
        ("8.tif", ids([[0, 34, 255]]), "L"),
        ("16.png", ids(LARGE, np.uint16), "I;16"),
        ("16.tif", ids(LARGE, np.uint16), "I;16"),
        ("32.tif", ids([[0, 70000, 2**31 - 1]], np.int32), "I"),
        ("p.png", palette([[0, 34, 255]]), "P"),
        ("p2.png", palette([[0, 1, 3]]), "P"),
        ("1.png", bits([[0, 1, 1]]), "1"),
    ],
)
def test_ids_are_what_the_file_stores(
    tmp_path: Path, name: str, image: Pictures.Image, mode: str
) -> None:
    path = save(tmp_path / name, image, **({"bits": 2} if name == "p2.png" else {}))
    with Pictures.open(path) as opened:
        assert opened.mode == mode
    assert read(path) == np.asarray(image).astype(int).tolist()


def test_a_portable_grey_map_of_16_bits(tmp_path: Path) -> None:
    big_endian(tmp_path / "x.ppm")
    assert read(tmp_path / "x.ppm") == LARGE


def four_bits(path: Path) -> None:
    """Grey, by hand, as not every Pillow writes it: Pillow makes 51 of a 3."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 4, 4, 4, 0, 0, 0, 0)
    rows = zlib.compress(4 * b"\0\x33\x33")
    parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with Pictures.open(path) as image:
        assert image.getpixel((0, 0)) == 51


def portable(path: Path) -> None:
    path.write_bytes(b"P5\n2 1\n15\n" + bytes([3, 15]))
    with Pictures.open(path) as image:
        assert image.getpixel((0, 0)) == 51


def turned(path: Path) -> None:
    tag = Pictures.Exif()
    tag[0x0112] = 6
    save(path, ids([[0, 1]]), exif=tag)


def test_ids_of_few_bits_are_what_the_file_stores(tmp_path: Path) -> None:
    four_bits(tmp_path / "x.png")
    assert read(tmp_path / "x.png") == [[3, 3, 3, 3]] * 4


STRETCHED = "whose numbers would be stretched or inverted; save it with 8 or 16 bits a pixel"


@pytest.mark.parametrize(
    ("name", "write", "told"),
    [
        ("x.jpg", lambda p: save(p, ids([[0, 1]])), "stored as JPEG, which mixes the ids along"),
        ("x.tif", lambda p: save(p, ids([[0, 1]]), compression="jpeg"), "stored as JPEG"),
        ("x.png", lambda p: save(p), "a color picture, but a map of ids holds one number a pixel."),
        (
            "x.png",
            lambda p: save(p, picture("RGBA")),
            "a color picture, but a map of ids holds one number a pixel. If its colors stand for "
            "classes, say which: `palette: {0: [0, 0, 0], 1: [255, 0, 0], ...}`; or turn them into "
            "ids and save grey PNG",
        ),
        ("x.webp", lambda p: save(p), "a color picture"),
        ("x.png", lambda p: save(p, picture("LA")), "of the mode LA; a map of ids has one whole"),
        ("x.tif", lambda p: save(p, picture("F")), "of the mode F; a map of ids has one whole"),
        ("x.ppm", portable, f"stored in a way (L) {STRETCHED}"),
        ("x.png", turned, "turned by its EXIF orientation 6"),
        ("x.png", Path.touch, "empty (0 bytes)"),
    ],
)
def test_files_that_hold_no_ids(
    tmp_path: Path, name: str, write: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / name
    write(path)
    for look in (pictures.header, pictures.read):
        with pytest.raises(DataError) as caught:
            look(path, ANY)
        assert str(caught.value).startswith(f"{path} is {told}")


def test_ids_beyond_the_classes_are_named_with_the_cure(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", ids([[0, 1, 2, 3, 255]]))
    rule = Ids(classes=3, said="classes")
    with pytest.raises(DataError) as caught:
        read(path, rule)
    assert str(caught.value) == (
        f"{path} holds the ids 3, 255, but the recipe says classes: 3, which are 0 to 2; "
        "say `ignore: [3, 255]` where they are no classes, `classes: 256` where they are, "
        "or correct the file"
    )
    with pytest.raises(DataError) as caught:
        read(path, Ids(classes=3, ignore=(255,), said="classes"), fixed=True)
    assert str(caught.value) == (  # a trained model cannot change its mind
        f"{path} holds the id 3, but the recipe says classes: 3, which are 0 to 2 and 255; "
        "give these pixels ids that the model knows"
    )
    assert read(path, Ids(classes=4, ignore=(255,))) == [[0, 1, 2, 3, 255]]
    many = save(tmp_path / "y.png", ids([[*range(20)]]))
    with pytest.raises(DataError, match=r"holds the ids 3, 4, 5, 6, 7 and 12 more, but"):
        read(many, rule)


def test_too_many_instances_are_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", ids([[7 * n for n in range(20)]], np.uint16))
    assert len(read(path, Ids(instances=20))[0]) == 20
    with pytest.raises(DataError) as caught:
        read(path, Ids(instances=19, said="instances"))
    assert str(caught.value) == (
        f"{path} holds 20 different ids, but the recipe says instances: 19; "
        "say `instances: 20` or more"
    )


def test_ids_below_zero(tmp_path: Path) -> None:
    path = save(tmp_path / "x.tif", ids([[0, -1]], np.int32))
    with pytest.raises(DataError, match=r"x\.tif holds the id -1, but ids count from 0"):
        read(path)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(-9, 2**31 - 1) | st.integers(0, 70000), min_size=1))
def test_distinct_ids(values: list[int]) -> None:
    assert distinct_ids(np.array([values], np.int32)).tolist() == sorted(set(values))


# ---------------------------------------------------------------------------------- geometry


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    load=st.tuples(st.integers(2, 30), st.integers(2, 30)),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_step_changes_an_id(height: int, width: int, load: tuple[int, int], seed: int) -> None:
    """Resize, crop and flip: what comes out was there, and a map of places goes along with it."""
    rng = np.random.default_rng(seed)
    values = rng.choice([0, 1, 255, 32767, 32768, 33005, 65535, 2**31 - 1], (height, width))
    places = np.arange(height * width, dtype=np.int32).reshape(height, width)
    maps = {"label": values.astype(np.int32), "instance": places}
    rule = Geometry(load=load, crop=(2, 2), flip=0.5, ids=frozenset(maps))
    for draw in (None, np.random.default_rng(seed)):
        done = rule.apply(maps, draw, "x")
        label, place = (np.asarray(done[name]) for name in maps)
        assert label.shape == (2, 2)
        assert np.array_equal(label, values.ravel()[place])
    exact = Geometry(size=(2 * height, 2 * width), ids=frozenset(maps)).apply(maps, None, "x")
    assert np.array_equal(np.asarray(exact["label"]), values.repeat(2, 0).repeat(2, 1))


def test_ids_go_with_the_photo_through_every_step(tmp_path: Path) -> None:
    """The photo's columns tell where a pixel came from; flipped and cropped, the ids agree."""
    rows, columns = np.mgrid[0:12, 0:16]
    save(tmp_path / "train_label/x.png", ids(columns % 3))
    save(tmp_path / "train_inst/x.tif", ids(30000 + 2500 * columns + rows, np.int32))
    save(tmp_path / "train_img/x.png", picture(height=12, width=16))
    data = labelled(tmp_path, crop=[5, 7], flip=0.5).open("train")
    flips = 0
    for seed in range(20):
        maps = data.read(0, np.random.default_rng(seed)).maps
        row, column = maps["target"][0].int(), maps["target"][1].int()
        assert torch.equal(maps["label"][0], column % 3)
        assert torch.equal(maps["instance"][0], 30000 + 2500 * column + row)
        flips += bool(column[0, 0] > column[0, 1])
    assert 4 < flips < 16


def test_raw_ids_arrive_as_int32(tmp_path: Path) -> None:
    maps = triple(tmp_path).open("train").read(0, None).maps
    assert {name: (m.dtype, tuple(m.shape)) for name, m in maps.items()} == {
        "label": (torch.int32, (1, 4, 6)),
        "instance": (torch.int32, (1, 4, 6)),
        "target": (torch.uint8, (3, 4, 6)),
    }
    assert maps["instance"][0, 0].tolist() == [0, 0, 1000, 1001, 33005, 65535]
