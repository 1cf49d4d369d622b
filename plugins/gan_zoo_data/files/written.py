"""Pictures and ids -> files that read back equal: PNG of 8 or 16 bits where it holds their numbers,
TIFF (the extra `tiff`) for all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from einops import rearrange
from PIL import Image as PIL
from torch import Tensor

from gan_zoo.components import DataError, Values, fits_png, tiff_words
from gan_zoo_data.files.ranges import scaled
from gan_zoo_data.files.tiffs import CURE, has_tifffile
from gan_zoo_data.modes import PLAIN, Reading

Array = np.ndarray[Any, Any]
MODES = {1: "grey", 3: "rgb"}  # channels -> what a recipe says; others are said as numbers
LARGEST = 0xFFFF  # the largest id that a grey PNG holds
COLORS = 2**24  # ids that are colors


@dataclass(frozen=True)
class Form:
    """How the pictures of a map are written.

    Args:
        values: What the numbers in its files mean.
        channels: Of a picture.
    """

    values: Values
    channels: int

    @property
    def png(self) -> bool:
        """Whether PNG holds their numbers."""
        return fits_png(self.values, self.channels)

    @property
    def mode(self) -> Any:
        """What a recipe says of these files: a word, or a mapping with the range."""
        values = self.values
        word: str | int = values.colors or self.channels
        if self.png or self.channels == 1:
            word = values.colors or MODES.get(self.channels, self.channels)
        if values.plain:
            return word
        said: dict[str, Any] = {
            "mode": word,
            "range": [values.low, values.high],
            "dtype": values.dtype,
        }
        if values.nodata is not None:
            said["nodata"] = "nan" if np.isnan(values.nodata) else values.nodata
        return said

    def refuse_missing(self, name: str) -> None:
        """Refuse pictures that need a package, before the first is written.

        Raises:
            DataError: it is not installed.
        """
        if not self.png and not has_tifffile():
            channels = f"{self.channels} channel{'s' * (self.channels != 1)}"
            raise DataError(
                f"{name} holds {channels} of {self.values.dtype}, which PNG does not hold; TIFF is "
                f"written by tifffile: {CURE}"
            )

    def numbers(self, path: Path, picture: Tensor) -> Array:
        """A picture `C H W`, uint8 or in [-1, 1] -> the numbers of its file, `H W C`.

        Raises:
            DataError: no number of a file is this picture; names it.
        """
        pixels = np.ascontiguousarray(rearrange(picture, "c h w -> h w c").numpy())
        if self.values.plain:
            if pixels.dtype == np.uint8:
                return pixels
            raise DataError(
                f"{path}: its files hold 8 bits, and this picture is {picture.dtype}; its numbers "
                "would be rounded"
            )
        reading = Reading.model_validate(self.mode)
        for made in self._candidates(pixels):
            for near in _neighbors(made):
                right = scaled(path, near, reading) == pixels
                made = np.where(right, near, made)
                if right.all():
                    break
            if (scaled(path, made, reading) == pixels).all():
                return made
        tried = " or ".join(self._types)
        raise DataError(
            f"{path}: its numbers are none that {tried} of {self.values} are read as; they would "
            f"be {self._cure(pixels)}"
        )

    @property
    def _types(self) -> list[str]:
        """The types of numbers that its files may have, its own first."""
        types = [self.values.dtype]
        if has_tifffile() and (self.values.low, self.values.high) != PLAIN:  # whose files are alike
            types += ["float32", "float64"]
        return [*dict.fromkeys(types)]

    def _cure(self, pixels: Array) -> str:
        """What would become of numbers that no file holds, and what to do."""
        if pixels.dtype.kind == "f" and not (np.abs(pixels) <= 1).all():
            ends = self._exact(np.stack([pixels.min(), pixels.max()]))
            told = "..".join(f"{end:g}" for end in ends)
            return f"clipped: they are {told}, so say a `range` that holds them, or correct them"
        cure = "leave the size rule out (`--set data.load=null`), which makes numbers in between"
        if not has_tifffile() and (self.values.low, self.values.high) != PLAIN:
            cure = f"let floats be written, by tifffile ({CURE}); or {cure}"
        return f"rounded; {cure}"

    def _candidates(self, pixels: Array) -> Iterator[Array]:
        """The numbers of a file in the type of the map's; in floats where they lie between these,
        as those of pictures that were resized.
        """
        low, high = self.values.low, self.values.high
        exact = self._exact(pixels)
        for dtype in map(np.dtype, self._types):
            if dtype.kind in "iu":
                most = np.iinfo(dtype)
                rounded = np.clip(np.rint(exact), max(low, most.min), min(high, most.max))
                yield rounded.astype(dtype)
            else:
                yield exact.astype(dtype)

    def _exact(self, pixels: Array) -> Array:
        """Numbers in [-1, 1] -> those of the range that they stand for, in 64 bits."""
        low, high = self.values.low, self.values.high
        exact: Array = low + (pixels.astype(np.float64) + 1) / 2 * (high - low)
        return exact


def _neighbors(made: Array) -> Iterator[Array]:
    """Numbers, and floats next to them."""
    yield made
    if made.dtype.kind == "f":
        for end in (-np.inf, np.inf):
            yield np.nextafter(made, made.dtype.type(end))


def id_numbers(path: Path, ids: Tensor, *, colors: bool) -> Array:
    """A map of ids `1 H W` -> what a PNG holds of it: `H W`, or `H W C` where ids are colors.

    Raises:
        DataError: a PNG does not hold it; names it.
    """
    low, high = int(ids.min()), int(ids.max())
    largest = COLORS - 1 if colors else LARGEST
    if low < 0 or high > largest:
        raise DataError(
            f"{path}: the id {low if low < 0 else high} does not fit into "
            f"{24 if colors else 16} bits; ids of 0 to {largest} do"
        )
    numbers: Array = ids[0].numpy()
    if colors:
        return np.stack([numbers >> shift & 255 for shift in (0, 8, 16)], -1).astype(np.uint8)
    return numbers.astype(np.uint8 if high < 256 else np.uint16)


def write_picture(path: Path, pixels: Array, form: Form) -> Path:
    """Write the numbers of a picture, `H W C`, as PNG, or as TIFF where that does not hold them.

    Args:
        path: The file, called .png.
        pixels: As `Form.numbers` gives them.
        form: Of its map.

    Returns:
        The file, as it is called.

    Raises:
        OSError: it cannot be written, or is there.
    """
    flat = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    if form.png and pixels.dtype == form.values.dtype:
        write_png(path, flat)
        return path
    path = path.with_suffix(".tif")
    path.parent.mkdir(parents=True, exist_ok=True)
    import tifffile

    with path.open("xb") as file:
        tifffile.imwrite(file, flat, **tiff_words(form.values.colors, pixels.shape[-1]))
    return path


def write_png(path: Path, pixels: Array) -> None:
    """Write `H W` of 8 or 16 bits, or `H W C` of 8.

    Raises:
        OSError: it cannot be written, or is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:  # two samples of one name would be one file
        PIL.fromarray(pixels).save(file, format="PNG")
