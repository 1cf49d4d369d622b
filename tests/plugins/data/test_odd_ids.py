"""Maps of ids as other programs store them: signed, packed, painted, masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from pydantic import ValidationError

import gan_zoo.testing
from gan_zoo.errors import DataError
from gan_zoo_data.files.ids import Ids, ids_of
from gan_zoo_data.folder_specs import LabelFolderSpec
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import picture, save

COLORS = {0: (128, 64, 128), 1: (0, 0, 142), 255: (0, 0, 0)}
BLOCKS = np.kron(np.arange(6).reshape(2, 3) % 3, np.ones((4, 4), int))  # 8 x 12, ids 0 to 2
PAINT = {"palette": {0: [128, 64, 128], 1: [0, 0, 142], 255: [0, 0, 0]}, "ignore": [255]}
Writer = Callable[[Path], object]


def stored(dtype: str, **numbers: int) -> Writer:
    """A TIFF of the blocks, each id with another number where that is said."""
    table = [numbers.get(f"id{id}", id) for id in range(3)]
    return lambda path: tifffile.imwrite(path, np.array(table)[BLOCKS].astype(dtype))


def painted(mode: str = "RGB", **how: Any) -> Writer:
    """The blocks in the colors of the ids 0, 1 and 255."""
    colors = np.array([*COLORS.values()], np.uint8)[BLOCKS]
    return lambda path: Pictures.fromarray(colors).convert(mode, **how).save(path)


def mask(path: Path) -> None:
    Pictures.fromarray(((BLOCKS > 0) * 255).astype(np.uint8)).save(path)


def indexed(path: Path) -> None:
    """A palette PNG whose index is no id, but whose colors are known."""
    image = Pictures.fromarray((BLOCKS + 7).astype(np.uint8), "P")
    palette = [9] * 21 + [part for color in COLORS.values() for part in color]
    image.putpalette(palette)
    image.save(path)


MASKED = (BLOCKS > 0).astype(int)
IGNORED = np.where(BLOCKS == 2, 255, BLOCKS)
THREE = {"classes": 3}
TWO = {"classes": 2}
READ: dict[str, tuple[str, Writer, dict[str, Any], np.ndarray]] = {
    "int8": ("tif", stored("int8"), THREE, BLOCKS),
    "int16": ("tif", stored("int16"), THREE, BLOCKS),
    "int32": ("tif", stored("int32"), THREE, BLOCKS),
    "uint32": ("tif", stored("uint32"), THREE, BLOCKS),
    "int64": ("tif", stored("int64"), THREE, BLOCKS),
    "int16, -1 is nothing": (
        *("tif", stored("int16", id2=-1)),
        {"classes": 2, "remap": {-1: 255}, "ignore": [255]},
        IGNORED,
    ),
    "int8, -1 is nothing": (
        *("tif", stored("int8", id2=-1)),
        {"classes": 2, "remap": {-1: 255}, "ignore": [255]},
        IGNORED,
    ),
    "4 bits": ("tif", lambda p: save_bits(p, 4), THREE, BLOCKS),
    "2 bits": ("png", lambda p: save_bits(p, 2), THREE, BLOCKS),
    "1 bit": ("tif", lambda p: Pictures.fromarray(BLOCKS > 0).save(p), TWO, MASKED),
    "a mask": ("png", mask, {"classes": 2, "remap": {255: 1}}, MASKED),
    "ids of a list": (
        *("png", lambda p: Pictures.fromarray((BLOCKS * 7).astype(np.uint8)).save(p)),
        {"classes": 2, "remap": {7: 0, 14: 1, "others": 255}, "ignore": [255]},
        np.array([255, 0, 1])[BLOCKS],
    ),
    "painted": ("png", painted(), TWO | PAINT, IGNORED),
    "painted, with alpha": ("png", painted("RGBA"), TWO | PAINT, IGNORED),
    "painted, with a palette": ("png", indexed, TWO | PAINT, IGNORED),
    "painted in WebP": (
        *("webp", lambda p: opened_rgb(painted(), p).save(p, lossless=True)),
        TWO | PAINT,
        IGNORED,
    ),
    "painted, remapped": (
        *("png", painted()),
        {"classes": 2, "remap": {255: 0, 0: 1, 1: 1}, "palette": PAINT["palette"]},
        np.array([1, 1, 0])[BLOCKS],
    ),
}


def save_bits(path: Path, bits: int) -> None:
    if path.suffix == ".tif":
        tags = [(65000, "H", 1, 0, True)]
        packed = np.packbits(
            np.unpackbits(BLOCKS.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :].reshape(
                8, -1
            ),
            axis=-1,
        )
        tifffile.imwrite(path, packed, extratags=tags)  # then its width and bits are corrected
        with tifffile.TiffFile(path, mode="r+b") as file:
            file.pages[0].tags["ImageWidth"].overwrite(12)
            file.pages[0].tags["BitsPerSample"].overwrite(bits)
    else:
        image = Pictures.fromarray(BLOCKS.astype(np.uint8), "P")
        image.putpalette(list(range(12)))
        image.save(path, bits=bits)


def opened_rgb(write: Writer, path: Path) -> Pictures.Image:
    write(path.with_suffix(".png"))
    with Pictures.open(path.with_suffix(".png")) as image:
        image.load()
    path.with_suffix(".png").unlink()
    return image


def labelled(root: Path, ending: str, write: Writer, **options: Any) -> LabelFolderSpec:
    (root / "train_label").mkdir(parents=True)
    write(root / f"train_label/x.{ending}")
    save(root / "train_img/x.png", picture(height=8, width=12))
    said = {"root": str(root), "instance": False, **options}
    return LabelFolderSpec.model_validate(said)


@pytest.mark.parametrize("kind", READ)
def test_every_map_is_read_as_its_ids(tmp_path: Path, kind: str) -> None:
    """By folders and by tables, and recipes keep the words."""
    ending, write, options, wanted = READ[kind]
    spec = labelled(tmp_path, ending, write, **options)
    assert spec.decode("train") == []
    assert spec.remarks("train") == []
    assert spec.open("train").read(0, None).maps["label"][0].tolist() == wanted.tolist()
    dumped = yaml.safe_load(yaml.safe_dump(spec.model_dump(mode="json")))
    assert LabelFolderSpec.model_validate({k: v for k, v in dumped.items() if k != "use"}) == spec
    table = {"root": str(tmp_path), "labels": {"label": options["classes"]}}
    table |= {name: {"label": options[name]} for name in ("remap", "palette") if name in options}
    (tmp_path / "train.csv").write_text(f"label\ntrain_label/x.{ending}\n", encoding="utf-8")
    data = ManifestSpec.model_validate({**table, "ignore": options.get("ignore", [])})
    assert data.open("train").read(0, None).maps["label"][0].tolist() == wanted.tolist()


REFUSED: dict[str, tuple[str, Writer, dict[str, Any], str]] = {
    "int8 below 0": (
        *("tif", stored("int8", id2=-1), TWO | {"ignore": [255]}),
        "holds the id -1, but ids count from 0 to 2147483647; where they are no class, say `remap: "
        "{-1: 255}`",
    ),
    "int16 below 0": (
        *("tif", stored("int16", id2=-1), TWO | {"ignore": [9]}),
        "holds the id -1, but ids count from 0 to 2147483647; where they are no class, say `remap: "
        "{-1: 255}` and `ignore: [9, 255]`",
    ),
    "uint32 too large": (
        *("tif", stored("uint32", id2=2**32 - 1), TWO),
        "holds the id 4294967295, but ids count from 0 to 2147483647",
    ),
    "an unknown color": (
        *("png", painted(), TWO | {"palette": {0: [128, 64, 128], 1: [9, 9, 9]}}),
        "holds the colors [0, 0, 0] (32 pixels), [0, 0, 142] (32 pixels), which `palette` does not "
        "know; add them, or correct the file",
    ),
    "a smooth edge": (
        *("png", lambda p: opened_rgb(painted(), p).resize((12, 8), 3, (0, 0, 11, 8)).save(p)),
        TWO | PAINT,
        "holds the colors ",
    ),
    "shining through": (
        *("png", lambda p: opened_rgb(painted("RGBA"), p).putalpha(9) or alpha(p), TWO | PAINT),
        "is a color picture in which 96 pixels shine through (alpha below 255); give colors of "
        "four numbers, or save it without alpha",
    ),
    "painted, unsaid": (
        *("png", painted(), TWO),
        "is a color picture, but a map of ids holds one number a pixel. If its colors stand for "
        "classes, say which: `palette: {0: [0, 0, 0], 1: [255, 0, 0], ...}`; or turn them into ids "
        "and save grey PNG",
    ),
    "painted JPEG": (
        *("jpg", painted(), TWO | PAINT),
        "is stored as JPEG, which mixes the ids along every edge; make it anew from the original "
        "and save PNG",
    ),
    "floats": (
        *("tif", stored("float32"), THREE),
        "is of the mode F; a map of ids has one whole number a pixel and no alpha: save it as",
    ),
    "two bands": (
        *("tif", lambda p: tifffile.imwrite(p, np.zeros((8, 12, 2), "u1"), planarconfig="contig")),
        THREE,
        "is a picture (2 bands of uint8); a map of ids has one whole number a pixel",
    ),
}


def alpha(path: Path) -> None:
    Pictures.fromarray(np.full((8, 12, 4), 9, np.uint8)).save(path)


@pytest.mark.parametrize("kind", REFUSED)
def test_other_maps_are_refused(tmp_path: Path, kind: str) -> None:
    ending, write, options, told = REFUSED[kind]
    spec = labelled(tmp_path, ending, write, **options)
    [said] = spec.decode("train")
    assert said.startswith(f"{tmp_path}/train_label/x.{ending} {told}")
    with pytest.raises(DataError) as caught:
        spec.open("train").read(0, None)
    assert str(caught.value) == said


def panoptic(root: Path, **options: Any) -> LabelFolderSpec:
    """Instances as COCO paints them: red + 256 green + 65536 blue."""
    ids = np.arange(96).reshape(8, 12) * 2345 + 26001
    parts = np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1)
    save(root / "train_inst/x.png", Pictures.fromarray(parts.astype(np.uint8)))
    return labelled(root, "png", mask, classes=2, remap={255: 1}, instance=True, **options)


def test_colors_are_instance_ids_by_word(tmp_path: Path) -> None:
    spec = panoptic(tmp_path / "a", instance_colors="rgb24")
    assert spec.decode("train") == []
    ids = spec.open("train").read(0, None).maps["instance"][0]
    assert ids.flatten().tolist() == [n * 2345 + 26001 for n in range(96)]
    [told] = panoptic(tmp_path / "b").decode("train")
    assert told.endswith(
        "If a color is an id, as in COCO's panoptic maps (red + 256 green + 65536 blue), say "
        "`instance_colors: rgb24`; otherwise save the ids as PNG of 16 bits"
    )
    grey = panoptic(tmp_path / "c", instance_colors="rgb24")
    Pictures.new("I;16", (12, 8)).save(tmp_path / "c/train_inst/x.png")
    assert "instance_colors: rgb24` reads ids out of colors" in grey.decode("train")[0]


def test_a_palette_of_a_column_is_told_as_one(tmp_path: Path) -> None:
    painted()(tmp_path / "x.png")
    (tmp_path / "train.csv").write_text("seg\nx.png\n", encoding="utf-8")
    said = {"root": str(tmp_path), "labels": {"seg": 2}}
    [told] = ManifestSpec.model_validate(said).decode("train")
    assert "say which: `palette: {seg: {0: [0, 0, 0], 1: [255, 0, 0], ...}}`" in told
    with pytest.raises(ValidationError, match="inst has a palette or a remap, but is no column"):
        ManifestSpec.model_validate({**said, "remap": {"inst": {1: 0}}})


def test_unknown_colors_of_many_files_are_counted_together(tmp_path: Path) -> None:
    spec = labelled(
        tmp_path, "png", painted(), classes=2, palette={0: [128, 64, 128], 1: [9, 9, 9]}
    )
    painted()(tmp_path / "train_label/y.png")
    save(tmp_path / "train_img/y.png", picture(height=8, width=12))
    [told] = spec.decode("train")
    assert "together they hold the colors [0, 0, 0] (64 pixels), [0, 0, 142] (64 pixels)" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"palette": {0: [1, 2, 3], 1: [1, 2, 3]}}, "the color [1, 2, 3] came for the ids 0 and 1"),
        ({"palette": {0: [1, 2, 3], 1: [1, 2, 3, 4]}}, "colors of three numbers and of four came"),
        ({"palette": {0: [1, 2, 256]}}, "less than or equal to 255"),
        ({"remap": {1: -1}}, "greater than or equal to 0"),
        ({"remap": {"rest": 1}}, "Input should be 'others'"),
    ],
)
def test_tables_that_say_nothing_sound(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        labelled(tmp_path, "png", mask, classes=2, **options)
    assert told in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(
    numbers=st.lists(st.integers(-99, 70000) | st.sampled_from([-1, 255, 2**31 - 1]), min_size=1),
    remap=st.dictionaries(st.integers(-99, 300), st.integers(0, 300), max_size=5),
    others=st.none() | st.integers(0, 300),
)
def test_a_remap_is_a_table(numbers: list[int], remap: dict[int, int], others: int | None) -> None:
    pairs = (*remap.items(), *([("others", others)] if others is not None else []))
    wanted = [remap.get(one, one if others is None else others) for one in numbers]
    rule = Ids(remap=pairs)
    array = np.array([numbers], np.int64)
    if min(wanted) < 0:
        with pytest.raises(DataError, match=r"x holds the ids? -\d+"):
            ids_of(Path("x"), array, rule)
    else:
        assert ids_of(Path("x"), array, rule).tolist() == [wanted]


assert gan_zoo.testing  # tells specs who knows components by name


def test_a_palette_that_a_model_learned_is_not_added_to(tmp_path: Path) -> None:
    painted = Pictures.fromarray(np.full((4, 6, 3), 7, np.uint8))
    save(tmp_path / "train_label/x.png", painted)
    save(tmp_path / "train_img/x.png", picture())
    words = {"classes": 1, "palette": {0: [1, 2, 3]}, "instance": False}
    data = LabelFolderSpec.model_validate({"root": str(tmp_path), **words})
    [told] = data.decode("train")
    assert "[7, 7, 7] (24 pixels), which `palette` does not know; add it" in told
    with pytest.raises(DataError, match="the `palette` of the model does not know; paint them in"):
        data.inputs(tmp_path / "train_label", maps=["label"]).read(0, None)
