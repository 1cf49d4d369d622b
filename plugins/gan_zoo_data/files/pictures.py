"""Read one file, a picture of exactly the declared mode or a map of ids; nothing is converted.

Color profiles are left alone: numbers are what the file stores, of every band. A file turned by an
EXIF tag is refused where the recipe does not say `orient: exif`, since its pixels lie on their
side, and so is one of several pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from gan_zoo.components import DataError
from gan_zoo_data.faults import Fault, Instead, Misfit
from gan_zoo_data.files import id_files
from gan_zoo_data.files.decoder import EXTENSIONS, damaged
from gan_zoo_data.files.ids import Array, Ids
from gan_zoo_data.files.opened import Opened
from gan_zoo_data.files.stored import WORDS, Stored
from gan_zoo_data.files.tiffs import CURE, has_tifffile
from gan_zoo_data.modes import Word, reading_of, word_of, write_mode, write_number

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

__all__ = ["EXTENSIONS", "Header", "Wanted", "header", "read"]

FITTING: dict[Word, str] = {  # a word -> what a program calls such a file
    "rgb": "RGB",
    "grey": "L",
    "rgba": "RGBA",
    "cmyk": "CMYK",
    1: "L",
    2: "LA",
    3: "RGB",
    4: "RGBA",
}
NO_BANDS = ("palette", "palette with alpha", "bits")  # what a number of channels does not mean
TURN = "turn the pixels and remove the tag (`mogrify -auto-orient`, PIL.ImageOps.exif_transpose)"


class Header(NamedTuple):
    """What a file says of its picture: what the channels are, its size, the type of a number, how
    many channels there are.
    """

    mode: str
    height: int
    width: int
    dtype: str = "uint8"
    channels: int = 1


class Wanted(NamedTuple):
    """What a file is expected to be.

    Args:
        modes: Option of the recipe -> the mode it declares; all must fit.
        fixed: The mode is settled, by training: only the file can change.
        ids: It is a map of ids instead, which all these rules hold for.
        large: A TIFF may have any number of pixels, since it is read in parts.
    """

    modes: Mapping[str, Mode]
    fixed: bool = False
    ids: tuple[Ids, ...] = ()
    large: bool = False

    @property
    def orient(self) -> bool:
        """Whether a tag may turn it."""
        return any(reading_of(mode).orient for mode in self.modes.values())


def header(path: Path, wanted: Wanted) -> Header:
    """Look at a file without decoding it.

    Raises:
        DataError: what is wrong with the file, and the cure.
    """
    with closing(_open(path, wanted)) as opened:
        stored = opened.stored
        height, width = stored.seen
        return Header(stored.mode, height, width, stored.dtype, stored.channels)


def read(path: Path, wanted: Wanted) -> Array:
    """The numbers in a file as it stores them, `H W C`; those of a map of ids `H W`, or its colors
    `H W C` where these stand for ids.

    Raises:
        DataError: what is wrong with the file, and the cure.
    """
    with closing(_open(path, wanted)) as opened:
        if wanted.ids:
            pixels = id_files.numbers(opened, wanted.ids)
        else:
            pixels = opened.numbers(stretched=not any(map(_ranged, wanted.modes.values())))
        late = opened.turned_late()  # a PNG may say so behind its pixels
        if late in range(2, 9):
            raise Misfit.of(path, Instead(f"turned by its EXIF orientation {late}; {TURN}"))
    return pixels


def _open(path: Path, wanted: Wanted) -> Opened:
    """The file with its header read and judged."""
    opened = None
    try:
        opened = Opened(path, orient=wanted.orient, large=wanted.large)
        wrong = _wrong(opened, wanted)
    except Exception as problem:  # decoders raise all kinds
        if opened is not None:
            opened.close()
        if isinstance(problem, DataError):
            raise
        raise damaged(path, problem) from problem
    if wrong:
        opened.close()
        raise Misfit.of(path, wrong)
    return opened


def _wrong(opened: Opened, wanted: Wanted) -> Fault | None:
    """The first thing that is wrong with a file."""
    if wanted.ids:
        told = id_files.describe_misfit(opened, wanted.ids, fixed=wanted.fixed)
        return _fault(told or _oddity(opened, wanted) or _needs(opened))
    odd = _fault(_oddity(opened, wanted))
    return odd or _other_mode(opened, wanted) or _fault(_needs(opened))


def _fault(wrong: str) -> Fault | None:
    return Instead(wrong) if wrong else None


def _needs(opened: Opened) -> str:
    """The package that is missing, and why."""
    if not opened.by_bands or has_tifffile():
        return ""
    return f"{opened.stored.words}, which Pillow does not read as stored: {CURE}"


def _oddity(opened: Opened, wanted: Wanted) -> str:
    """What a decoder would pass over without a word."""
    stored = opened.stored
    if stored.orientation in range(2, 9) and (told := _turned(stored, wanted)):
        return told
    if stored.pages > 1:
        return f"a series of {stored.pages} pictures; save each as a file of its own"
    if opened.tags is not None and opened.tags.masked:
        return (
            "a picture with a mask of its own, which says what counts; write a number for nothing "
            "into the pixels (gdal_translate -mask none), and say it as `nodata`"
        )
    if stored.loss:
        return stored.loss
    if stored.inverted and not all(_plain(mode, stored) for mode in wanted.modes.values()):
        return "stored with white as 0; save it with black as 0"
    if opened.factor > 1 and len({_ranged(mode) for mode in wanted.modes.values()}) > 1:
        return "grey of less than 8 bits; say a range for both halves, or for none"
    clear = opened.picture is not None and "transparency" in opened.picture.info
    if clear and stored.colors in ("grey", "rgb", "rgba", "cmyk"):
        return "a picture with a transparent color (tRNS); save it without"
    return ""


def _plain(mode: Mode, stored: Stored) -> bool:
    return reading_of(mode).plain(stored.dtype)


def _turned(stored: Stored, wanted: Wanted) -> str:
    """Refuse a tag that not all who read the file obey."""
    silent = [name for name, mode in wanted.modes.items() if reading_of(mode).orient is None]
    if not silent and not wanted.ids:
        return ""
    told = f"turned by its EXIF orientation {stored.orientation}; "
    if wanted.ids or wanted.fixed:
        return told + TURN
    lines = (f"`{name}: {write_mode(wanted.modes[name], orient='exif')}`" for name in silent)
    return f"{told}say {' and '.join(lines)}, or {TURN}"


@dataclass(frozen=True)
class Deep(Instead):
    """Numbers of more than 8 bits, whose range the recipe must tell.

    Args:
        low: The lowest number of the file, or of several.
        high: The highest.
        lines: Option -> what the recipe may say of it, `{range}` in place of the two.
        fixed: The range is settled, by training.
    """

    low: float
    high: float
    lines: tuple[tuple[str, str], ...]
    fixed: bool

    @property
    def kind(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """All files of a side have one range."""
        return self.what, self.lines

    def joined(self, other: Self) -> Self:
        """The numbers of all files."""
        return replace(self, low=min(self.low, other.low), high=max(self.high, other.high))

    def told(self, *, several: bool = False) -> str:
        """The depth, what the recipe says, and what it could say."""
        low, high = write_number(self.low), write_number(self.high)
        numbers = f"{super().told(several=several)}. The numbers go from {low} to {high}"
        if self.fixed:
            return f"{numbers}; give it the type and range that the training files have"
        pair = f"[{low}, {high}]" if self.low < self.high else "[LOW, HIGH]"
        lines = (f"`{name}: {said.replace('RANGE', pair)}`" for name, said in self.lines)
        return (
            f"{numbers}: say {' and '.join(lines)}, with a low and a high that hold for all files, "
            "those to translate too. They become -1 and 1; what lies beyond is clipped"
        )


def _other_mode(opened: Opened, wanted: Wanted) -> Fault | None:
    """Channels or numbers that the recipe does not declare."""
    stored, modes = opened.stored, wanted.modes
    other = [option for option, mode in modes.items() if not _fits(stored, word_of(mode))]
    deep = [option for option, mode in modes.items() if stored.deep and not _ranged(mode)]
    wrong = [option for option in modes if option in {*other, *deep}]
    if not wrong:
        return None
    said = " and ".join(f"{option}: {write_mode(modes[option])}" for option in wrong)
    told = f"{stored.words}; the recipe says {said}"
    word = stored.word
    if deep and word is not None:
        low, high, nan = _extremes(opened)
        more = ", nodata: nan" * nan
        lines = tuple(
            (
                option,
                _with_range(write_mode(modes[option], word if option in other else None), more),
            )
            for option in wrong
        )
        return Deep(told, low, high, lines, wanted.fixed)
    name = FITTING.get(word_of(modes[wrong[0]]))
    fitting = f"{WORDS[name]} ({name})" if name else f"{word_of(modes[wrong[0]])} bands"
    cure = f"convert the files to {fitting}"
    if stored.colors == "cmyk" and isinstance(word_of(modes[wrong[0]]), int):
        rgb = " and ".join(f"`{option}: {write_mode(modes[option], 'rgb')}`" for option in wrong)
        cure = f"convert the files to {WORDS['RGB']} (RGB) and say {rgb}"
    if word is not None and not wanted.fixed:
        now = " and ".join(f"`{option}: {write_mode(modes[option], word)}`" for option in wrong)
        keeps = "" if stored.channels <= 4 and stored.colors != "bands" else " to keep all bands"
        cure = f"say {now}{keeps}, or {cure}"
    return Instead(f"{told}. {cure[0].upper()}{cure[1:]}")


def _fits(stored: Stored, word: Word) -> bool:
    """Whether channels are those of a word."""
    if isinstance(word, str):
        return stored.colors == word
    no_bands = (*NO_BANDS, "cmyk") if word == 4 else NO_BANDS
    return stored.channels == word and stored.colors not in no_bands


def _ranged(mode: Mode) -> bool:
    return reading_of(mode).range is not None


def _with_range(said: str, more: str) -> str:
    """A mode as a recipe says it, with room for a range."""
    inside = said[1:-1] if said.startswith("{") else f"mode: {said}"
    return f"{{{inside}, range: RANGE{more}}}"


def _extremes(opened: Opened) -> tuple[float, float, bool]:
    """The lowest and highest number of a file, and whether some are none."""
    if opened.by_bands and not has_tifffile():
        return 0.0, 0.0, False
    pixels = opened.numbers()
    if pixels.dtype.kind != "f":
        return float(pixels.min()), float(pixels.max()), False
    finite = pixels[np.isfinite(pixels)]
    nan = bool(np.isnan(pixels).any())
    if not finite.size:
        return 0.0, 0.0, nan
    low, high = (float(str(end)) for end in (finite.min(), finite.max()))  # 0.7 for a float32's
    return low, high, nan
