"""What a file of a map of ids may be."""

from __future__ import annotations

from collections.abc import Sequence

from PIL.ImageFile import ImageFile

from gan_zoo_data.files.id_rules import Ids
from gan_zoo_data.files.ids import Array
from gan_zoo_data.files.opened import Opened
from gan_zoo_data.files.stored import STRETCHED

LOSSY = ("JPEG", "MPO")
# Pillow's mode -> how a decoder is told to leave the numbers alone, or to stretch them by a factor
# that is undone. Others invert them.
RAW: dict[str, tuple[str, ...]] = {
    "1": ("1", "1;R"),
    "L": ("L", "L;R", *STRETCHED, *(f"{raw}R" for raw in STRETCHED)),
    "P": ("P", "P;1", "P;2", "P;4", "P;R", "P;1R", "P;2R", "P;4R"),
    "I;16": ("I;16", "I;16B", "I;16L", "I;16N", "I;16R", "I;12"),
    "I;16B": ("I;16B",),
    "I": (
        *("I", "I;16", "I;16B", "I;16S", "I;16BS", "I;16N", "I;16NS"),
        *("I;32", "I;32B", "I;32S", "I;32BS", "I;32N", "I;32NS"),
    ),
}
COLORS = ("rgb", "rgba", "cmyk", "YCbCr", "LAB", "HSV")
READ_AS_COLORS = ("rgb", "rgba", "palette", "grey", "bits")
EXACT = (255, 65535)  # largest values of portable grey maps that Pillow does not stretch
ONE = "a map of ids has one whole number a pixel and no alpha: save it as grey or palette PNG"


def describe_misfit(opened: Opened, rules: Sequence[Ids], *, fixed: bool = False) -> str:
    """Why a file that was opened cannot hold ids; empty where it can.

    Args:
        opened: With its header read.
        rules: What its ids may be.
        fixed: The model is trained, so the file may be of another map altogether.
    """
    stored, picture = opened.stored, opened.picture
    by_color = any(rule.by_color for rule in rules)
    if fixed and stored.colors in COLORS and not by_color:
        return (
            "a color picture, but the model reads a map of ids here: grey or palette PNG with one "
            "number a pixel, made as those of training"
        )
    if _lossy(opened):
        return (
            "stored as JPEG, which mixes the ids along every edge; make it anew from the original "
            "and save PNG"
        )
    if by_color:
        return _no_colors(opened, rules)
    if stored.colors in COLORS:
        return _colors(rules)
    if stored.channels != 1 or stored.dtype.startswith("float") or not stored.dtype:
        kind = f"of the mode {picture.mode}" if picture and not opened.by_bands else stored.words
        return f"{kind}; {ONE}"
    if picture is None or opened.by_bands:
        return ""
    if picture.mode not in RAW:
        return f"of the mode {picture.mode}; {ONE}"
    for told in _arguments(picture):
        raw = told[0] if told and isinstance(told[0], str) else picture.mode
        stretched = picture.format == "PPM" and len(told) > 1 and told[1] not in EXACT
        if raw not in RAW[picture.mode] or stretched:
            return (
                f"stored in a way ({raw}) whose numbers would be stretched or inverted; save it "
                "with 8 or 16 bits a pixel"
            )
    return ""


def numbers(opened: Opened, rules: Sequence[Ids]) -> Array:
    """The numbers of a file as it stores them, `H W`; of a palette picture the index. Its colors
    `H W C` where these stand for ids.
    """
    if any(rule.by_color for rule in rules):
        return opened.colored("RGBA" if opened.stored.colors == "rgba" else "RGB")
    return opened.numbers()[..., 0]


def _colors(rules: Sequence[Ids]) -> str:
    """What to do with colors where numbers are expected."""
    told = "a color picture, but a map of ids holds one number a pixel. "
    if all(rule.instances is not None for rule in rules):
        return (
            f"{told}If a color is an id, as in COCO's panoptic maps (red + 256 green + 65536 "
            "blue), say `instance_colors: rgb24`; otherwise save the ids as PNG of 16 bits"
        )
    said = rules[0].option("palette", "0: [0, 0, 0], 1: [255, 0, 0], ...")
    return (
        f"{told}If its colors stand for classes, say which: `{said}`; or turn them into ids and "
        "save grey PNG"
    )


def _no_colors(opened: Opened, rules: Sequence[Ids]) -> str:
    """Why a file is none whose colors stand for ids."""
    stored = opened.stored
    if stored.colors not in ("rgb", "rgba") and any(rule.segments for rule in rules):
        return (
            f"{stored.words}, but `label_colors: panoptic` reads segments out of colors; take it "
            "out of the recipe where files hold classes"
        )
    if all(rule.rgb24 for rule in rules) and stored.colors not in ("rgb", "rgba"):
        return (
            f"{stored.words}, but `instance_colors: rgb24` reads ids out of colors; take it out "
            "of the recipe where files hold numbers"
        )
    if opened.by_bands or stored.colors not in READ_AS_COLORS or stored.dtype != "uint8":
        return f"{stored.words}, but `palette` is about colors of 8 bits; save RGB or RGBA PNG"
    return ""


def _lossy(opened: Opened) -> bool:
    if opened.tags is not None and opened.tags.lossy:
        return True
    return opened.picture is not None and opened.picture.format in LOSSY


def _arguments(picture: ImageFile) -> list[tuple[object, ...]]:
    return [tile[3] if isinstance(tile[3], tuple) else (tile[3],) for tile in picture.tile]
