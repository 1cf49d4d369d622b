"""What a file holds, by its header: which channels, which numbers, and how they are got at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PIL import Image
from PIL.ImageFile import ImageFile

from gan_zoo_data.files.tiffs import Tags
from gan_zoo_data.modes import Word

COLORS = {  # Pillow's mode -> what its channels are
    "1": "bits",
    "L": "grey",
    "LA": "grey with alpha",
    "P": "palette",
    "PA": "palette with alpha",
    "RGB": "rgb",
    "RGBA": "rgba",
    "CMYK": "cmyk",
    "I": "grey",
    "I;16": "grey",
    "I;16B": "grey",
    "I;16L": "grey",
    "I;16N": "grey",
    "F": "grey",
}
SAYING: dict[str, Word] = {  # what channels are -> the word of a recipe
    "grey": "grey",
    "rgb": "rgb",
    "rgba": "rgba",
    "cmyk": "cmyk",
    "grey with alpha": 2,
    "rgb with associated alpha": 4,
    "grey with associated alpha": 2,
}
MODES = {"grey": "L", "grey with alpha": "LA", "rgb": "RGB", "rgba": "RGBA", "cmyk": "CMYK"}
WORDS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with alpha",
    "P": "a palette picture",
    "PA": "a palette picture with alpha",
    "RGB": "color",
    "RGBA": "color with alpha",
    "CMYK": "four inks",
    "I": "32-bit grey",
    "I;16": "16-bit grey",
    "I;16B": "16-bit grey",
    "F": "floating-point grey",
}
ORIENTATION = 0x0112
STRETCHED = {"L;2": 85, "L;4": 17}  # Pillow's number for a 1 of so many bits
# Bytes of a PNG of 16 bits a channel, which Pillow would cut to 8: they are taken out by decoders
# that see other kinds of pixels of the same size in them; all of a pixel, or the upper and lower.
DEEP_PNG = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "LA;16B": ("RGBA",),
}


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Args:
        words: For people: "color with alpha (RGBA)".
        colors: grey, rgb, rgba, cmyk, or another name; `bands` where nobody says.
        channels: How many.
        dtype: The type of the numbers; empty where they are not read, see `loss`.
        height, width: Of the picture as stored.
        orientation: How a tag turns it, 1 to 8.
        pages: How many pictures there are.
        loss: Why its numbers are not read as they are; empty where they are.
        inverted: Whether Pillow turns its numbers round, as white is stored as 0.
        late: Whether a tag behind the pixels may turn it.
        last: What the last of `bands` is, where the file says so.
    """

    words: str
    colors: str
    channels: int
    dtype: str
    height: int
    width: int
    orientation: int = 1
    pages: int = 1
    loss: str = ""
    inverted: bool = False
    late: bool = False
    last: str = ""

    @property
    def mode(self) -> str:
        """A short name of what the channels are."""
        bands = (
            f"{self.channels} bands{self.last and ' with '}{self.last}"
            if self.colors == "bands"
            else self.colors
        )
        return MODES.get(self.colors, bands)

    @property
    def word(self) -> Word | None:
        """What a recipe calls the channels; None where it has no word for them."""
        return SAYING.get(self.colors, self.channels if self.colors == "bands" else None)

    @property
    def seen(self) -> tuple[int, int]:
        """Height and width after a tag has turned it."""
        sides = (self.height, self.width)
        return sides[::-1] if self.orientation >= 5 else sides

    @property
    def deep(self) -> bool:
        """Whether its numbers are others than those of 8 bits."""
        return self.dtype != "uint8"


def raw_modes(picture: Image.Image | None) -> list[str]:
    """What a decoder is told that the bytes of a file are, tile by tile."""
    found: list[str] = []
    for tile in getattr(picture, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        found += [argument for argument in arguments[:1] if isinstance(argument, str)]
    return found


def orientation_of(picture: Image.Image) -> int:
    """How a tag turns a picture, 1 to 8; 1 where the tags are broken, as programs that show
    pictures take it.
    """
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # tags may be anything
        return 1


def of_picture(picture: ImageFile, tags: Tags | None) -> Stored:
    """What a file holds that Pillow reads."""
    mode, raws = picture.mode, raw_modes(picture)
    colors, dtype, loss = COLORS.get(mode, mode), _type(picture, tags), ""
    [raw, *_] = raws or [""]
    words = f"{WORDS[mode]} ({mode})" if mode in WORDS else f"of the mode {mode}"
    if raw in DEEP_PNG:
        colors, dtype = {"LA;16B": "grey with alpha"}.get(raw, colors), "uint16"
        words = f"{WORDS[MODES[colors]]} of 16 bits ({MODES[colors]};16)"
    elif _cut(picture):
        loss = (
            "stored with more than 8 bits a channel, of which Pillow keeps the upper 8; save it "
            "as PNG or TIFF of 16 bits with a program that reads all of them, and say its "
            "`range: [low, high]` in the recipe"
        )
    late = picture.format == "PNG" and "exif" not in picture.info  # would decode it to find out
    turned = 1 if late else orientation_of(picture)
    height, width = (tags.height, tags.width) if tags else (picture.height, picture.width)
    # A camera's JPEG may have a preview behind it.
    pages = getattr(picture, "n_frames", 1) if not tags and picture.format != "MPO" else 1
    return Stored(
        words=words,
        colors=colors,
        channels=len(MODES.get(colors, "L")) if raw in DEEP_PNG else len(picture.getbands()),
        dtype=dtype,
        height=height,
        width=width,
        orientation=tags.orientation if tags else turned,
        pages=tags.pages if tags else pages,
        loss=loss,
        inverted=mode in ("1", "L", "LA") and bool(re.search(r";\d*I", raw)),
        late=late,
    )


def of_tags(tags: Tags) -> Stored:
    """What a TIFF holds that Pillow does not read, or not all of."""
    colors, told = _colors_of(tags)
    numbers = tags.dtype or f"numbers of {tags.bits} bits of a rare kind"
    count = f"{tags.bands} band{'s' * (tags.bands != 1)}"
    loss = "" if tags.dtype else f"stored in a way that is not read ({numbers}); save it anew"
    if tags.photometric == 0:
        loss = "stored with white as 0; save it with black as 0"
    last = (tags.extras or (0,))[-1] if tags.beyond else 0
    packed = f" packed in {tags.bits} bits" * (tags.bits not in (8, 16, 32, 64))
    return Stored(
        words=f"{told} ({count} of {numbers}{packed})",
        colors=colors,
        channels=tags.bands,
        dtype=tags.dtype,
        height=tags.height,
        width=tags.width,
        orientation=tags.orientation,
        pages=tags.pages,
        loss=loss,
        last={1: "associated alpha", 2: "alpha"}.get(last, ""),
    )


def _colors_of(tags: Tags) -> tuple[str, str]:
    """What the channels of a TIFF are, and the words for it."""
    bases = {0: "grey", 1: "grey", 2: "rgb", 3: "palette", 5: "cmyk"}
    base, extras = bases.get(tags.photometric, ""), tags.extras
    names = {"rgb": "color", "cmyk": "four inks", "palette": "a palette picture"}
    name = names.get(base, base)
    if base and tags.beyond == 0:
        return base, name
    if tags.beyond == 1 and base in ("grey", "rgb"):
        if extras == (1,):
            return f"{base} with associated alpha", f"{name} with associated alpha"
        if extras == (2,) or (extras is None and base == "rgb"):  # as Pillow takes the latter
            return ("rgba" if base == "rgb" else "grey with alpha"), f"{name} with alpha"
    if base not in ("rgb", "cmyk"):
        return "bands", "a picture"
    more = "a band that is no alpha" if tags.beyond == 1 else f"{tags.beyond} bands more"
    return "bands", f"{name} and {more}"


def _type(picture: ImageFile, tags: Tags | None) -> str:
    """numpy's name of the numbers that Pillow decodes."""
    if tags is not None and picture.mode not in ("P", "PA", "1"):
        return tags.dtype
    if picture.mode == "I" and all(raw.startswith("I;16") for raw in raw_modes(picture)):
        return "uint16"  # as Pillow had 16 bits before it had a mode for them
    if picture.mode == "I" and picture.format == "PPM":
        return "uint16"
    if picture.mode.startswith("I;16"):
        return "uint16"
    return {"I": "int32", "F": "float32"}.get(picture.mode, "uint8")


def _cut(picture: ImageFile) -> bool:
    """Whether 8 bits a channel would be a loss, by the decoder's own arguments."""
    if picture.mode not in MODES.values():
        return False
    for tile in picture.tile:
        for argument in tile[3] if isinstance(tile[3], tuple) else (tile[3],):
            if isinstance(argument, str) and ";16" in argument:
                return True
            if picture.format == "PPM" and isinstance(argument, int) and argument > 255:
                return True
    return False
