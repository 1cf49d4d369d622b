"""Read one file, a picture of exactly the declared mode or a map of ids; nothing is converted.

Color profiles are left alone: pixels are what the file stores. A file turned by an EXIF tag is
refused, since its pixels lie on their side, and so is one of several frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from gan_zoo.components import DataError
from gan_zoo_data import ids
from gan_zoo_data.faults import Fault, Instead, Misfit
from gan_zoo_data.ids import Array, Ids

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

EXTENSIONS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")

FITTING: dict[Mode, tuple[str, ...]] = {  # a recipe's word -> Pillow's
    "rgb": ("RGB",),
    "grey": ("L",),
    1: ("L",),
    2: ("LA",),
    3: ("RGB",),
    4: ("RGBA", "CMYK"),
}
SAYING: dict[str, Mode] = {"RGB": "rgb", "L": "grey", "LA": 2, "RGBA": 4, "CMYK": 4}
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
DEEP = ("I;16", "I;16B", "I", "F")
ORIENTATION = 0x0112


class Header(NamedTuple):
    """What a file says of its picture: Pillow's mode, and its size."""

    mode: str
    height: int
    width: int


class Wanted(NamedTuple):
    """What a file is expected to be.

    Args:
        modes: Option of the recipe -> the mode it declares; all must fit.
        fixed: The mode is settled, by training: only the file can change.
        ids: It is a map of ids instead, which all these rules hold for.
    """

    modes: Mapping[str, Mode]
    fixed: bool = False
    ids: tuple[Ids, ...] = ()


def header(path: Path, wanted: Wanted) -> Header:
    """Look at a file without decoding it.

    Raises:
        DataError: what is wrong with the file, and the cure.
    """
    with _open(path, wanted) as picture:
        return Header(picture.mode, picture.height, picture.width)


def read(path: Path, wanted: Wanted) -> Array:
    """The picture in a file, uint8 `H W C`; a map of ids as int32 `H W`.

    Raises:
        DataError: what is wrong with the file, and the cure.
    """
    with _open(path, wanted) as picture:
        try:
            picture.load()
        except Exception as problem:  # decoders raise all kinds
            raise _damaged(path, problem) from problem
        if turned := _turned(picture):  # a PNG may say so behind its pixels
            raise Misfit.of(path, Instead(turned))
        if not wanted.ids:
            pixels = np.asarray(picture)
            return pixels[..., None] if pixels.ndim == 2 else pixels
        numbers = ids.numbers(picture)
    for rule in wanted.ids:
        ids.judge(path, numbers, rule, fixed=wanted.fixed)
    return numbers


def _open(path: Path, wanted: Wanted) -> ImageFile:
    """The file with its header read and judged."""
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty (0 bytes); get it again, or take it out")
        picture = Image.open(path)
    except UnidentifiedImageError:
        many = ""
        if path.suffix.lower() in (".tif", ".tiff"):
            many = ". A TIFF of more than 4 channels is not read from files: a plugin's data can"
        raise DataError(
            f"{path} is not a picture, whatever its name says; get it again, or take it out{many}"
        ) from None
    except OSError as problem:
        raise DataError(f"{path} cannot be opened ({problem.strerror or problem})") from problem
    except Image.DecompressionBombError as problem:
        raise DataError(f"{path} is larger than Pillow opens ({problem})") from problem
    try:
        if wanted.ids:
            wrong = _fault(ids.describe_misfit(picture, fixed=wanted.fixed) or _oddity(picture))
        else:
            wrong = _fault(_oddity(picture)) or _other_mode(picture, wanted)
    except Exception as problem:  # as above
        picture.close()
        raise _damaged(path, problem) from problem
    if wrong:
        picture.close()
        raise Misfit.of(path, wrong)
    return picture


def _fault(wrong: str) -> Fault | None:
    return Instead(wrong) if wrong else None


def _damaged(path: Path, problem: Exception) -> DataError:
    return DataError(f"{path} is damaged or cut short ({problem}); get it again, or take it out")


def _turned(picture: ImageFile) -> str:
    orientation = picture.getexif().get(ORIENTATION, 1)
    if orientation not in range(2, 9):
        return ""
    return (
        f"turned by its EXIF orientation {orientation}; turn the pixels and remove the tag "
        "(`mogrify -auto-orient`, PIL.ImageOps.exif_transpose)"
    )


def _oddity(picture: ImageFile) -> str:
    """What Pillow would pass over without a word."""
    late = picture.format == "PNG" and "exif" not in picture.info  # would decode it to find out
    if not late and (turned := _turned(picture)):
        return turned
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":  # a camera's JPEG with a preview behind it
        return f"a series of {frames} pictures; save each as a file of its own"
    if picture.mode in SAYING and _deep(picture):
        return (
            "stored with more than 8 bits a channel, of which Pillow keeps the upper 8; scale the "
            "files to 8 bits with a program that reads all of them, as OpenCV: ((a - low) / "
            "(high - low) * 255), with one low and one high for all files"
        )
    if "transparency" in picture.info and picture.mode in SAYING:
        return "a picture with a transparent color (tRNS); save it without"
    return ""


def _deep(picture: ImageFile) -> bool:
    """Whether 8 bits a channel would be a loss, by the decoder's own arguments."""
    for _, _, _, arguments in picture.tile:
        for argument in arguments if isinstance(arguments, tuple) else (arguments,):
            if isinstance(argument, str) and ";16" in argument:
                return True
            if picture.format == "PPM" and isinstance(argument, int) and argument > 255:
                return True
    return False


@dataclass(frozen=True)
class Deep(Instead):
    """Grey of more than 8 bits, whose numbers must be scaled: a plain conversion cuts them off.

    Args:
        low: The lowest number of the file, or of several.
        high: The highest.
        cure: What else is to be done.
        fixed: The scale is settled, by training.
    """

    low: float
    high: float
    cure: str
    fixed: bool

    @property
    def kind(self) -> tuple[str, str]:
        """All files of a side are scaled alike."""
        return self.what, self.cure

    def joined(self, other: Self) -> Self:
        """The numbers of all files."""
        return replace(self, low=min(self.low, other.low), high=max(self.high, other.high))

    def told(self, *, several: bool = False) -> str:
        """The depth, what the recipe says, and how to scale."""
        own = f"{self.low:.9g} and {self.high:.9g}"
        scale = f"one low and one high for all of them, here {own}"
        if self.fixed:
            scale = f"the low and high that the training files were scaled with; here are {own}"
        return (
            f"{super().told(several=several)}. Scale the files to 8 bits, as "
            f"((a - low) / (high - low) * 255).round().astype('uint8') in numpy, with {scale}. "
            f"Pillow's convert does not scale: it cuts off all above 255{self.cure}"
        )


def _other_mode(picture: Image.Image, wanted: Wanted) -> Fault | None:
    """A mode that the recipe does not declare."""
    wrong = [option for option, mode in wanted.modes.items() if picture.mode not in FITTING[mode]]
    if not wrong:
        return None
    said = " and ".join(f"{option}: {wanted.modes[option]}" for option in wrong)
    told = f"{_words(picture.mode)}; the recipe says {said}"
    if picture.mode in DEEP:
        numbers = np.asarray(picture)  # Pillow knows no extremes of some of these modes
        low, high = float(numbers.min()), float(numbers.max())
        others = [option for option in wrong if "L" not in FITTING[wanted.modes[option]]]
        lines = " and ".join(f"`{option}: grey`" for option in others)
        cure = f". Then say {lines}" if others and not wanted.fixed else ""
        return Deep(told, low, high, cure, wanted.fixed)
    fitting = " or ".join(map(_words, FITTING[wanted.modes[wrong[0]]]))
    cure = f"Convert the files to {fitting}"
    if picture.mode in SAYING and not wanted.fixed:
        lines = " and ".join(f"`{option}: {SAYING[picture.mode]}`" for option in wrong)
        cure = f"Say {lines}, or convert the files to {fitting}"
    return Instead(f"{told}. {cure}")


def _words(mode: str) -> str:
    return f"{WORDS[mode]} ({mode})" if mode in WORDS else f"of the mode {mode}"
