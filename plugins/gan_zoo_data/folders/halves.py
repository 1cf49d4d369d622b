"""Whether pictures in one folder hold two sides each: judged by names and a few files' pixels.

A pair side by side has a seam in its middle, or halves whose outlines lie in the same places. A
whole picture goes on smoothly across its middle. Where neither shows (noise, flat backgrounds),
the shape of the files decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gan_zoo.components import remembered
from gan_zoo_data.files.decoder import FORMATS
from gan_zoo_data.folders.file_modes import spread
from gan_zoo_data.folders.listing import Listing

Array = NDArray[Any]

LOOKED = 12  # files whose pixels are looked at, spread evenly
LARGEST = 50_000_000  # pixels; larger files are not looked at
GRID = 32  # outlines are compared on so many cells a side
ALIKE = 0.2  # how much better a half correlates with its own partner than with others, in many
CERTAIN = 0.4  # the same in one file, or in files that go on across their middle
STEP, LEAST = 3.0, 6.0  # a seam is so many times the usual step between lines, and so many levels
SMOOTH = 0.5  # usual step, in deviations of a line, below which a seam would show
USUAL = (1.2, 3.4)  # width / height of files whose halves have a usual shape
NEAR = 5  # lines to each side that tell the usual step


class Cut(NamedTuple):
    """What a cut through a picture meets.

    Args:
        seam: The picture breaks off there.
        smooth: It goes on, where a break would show.
        tells: A break would show.
    """

    seam: bool
    smooth: bool
    tells: bool


@dataclass(frozen=True)
class Look:
    """What some files show. Shares are of the files that were looked at.

    Args:
        sizes: Height and width of each.
        middle: Share that breaks off in the middle of the width.
        across: Share that breaks off in the middle of the height.
        thirds: Share that breaks off at both thirds of the width.
        telling: Files in which a break in the middle would show.
        smooth: Share of them that goes on across the middle.
        alike: How much better halves fit their own partner than others', -1 to 1.
    """

    sizes: tuple[tuple[int, int], ...]
    middle: float = 0.0
    across: float = 0.0
    thirds: float = 0.0
    telling: int = 0
    smooth: float = 0.0
    alike: float = 0.0

    @property
    def paired(self) -> bool:
        """Whether the files show two sides each."""
        return self.middle >= 0.5 or self._breaks or self._fit

    @property
    def _breaks(self) -> bool:
        """Whether hardly any file goes on across its middle, where that would show."""
        return self.telling >= 3 and self.smooth <= 0.2

    @property
    def whole(self) -> bool:
        """Whether the files go on across their middle."""
        return self.telling >= 3 and self.smooth >= 0.8

    @property
    def _fit(self) -> bool:
        """Whether the halves are alike: by more than chance, and by much where they go on."""
        least = CERTAIN if self.whole else ALIKE + (CERTAIN - ALIKE) / max(1, len(self.sizes))
        return self.alike > least

    @property
    def why(self) -> str:
        """What shows two sides."""
        if self.middle >= 0.5 or self._breaks:
            return "a seam parts the files in the middle"
        if self._fit:
            return "both halves of the files have their outlines in the same places"
        return "nothing in the files speaks against two sides"


def look_at(found: Listing) -> Look:
    """Look at some of the pictures; those that cannot be decoded are left to who reads them."""
    return remembered(f"look at {found.folder.resolve()}", lambda: _look([*found.files.values()]))


def _look(files: Sequence[Path]) -> Look:
    pictures = [picture for file in spread(files, LOOKED) if (picture := glimpse(file)) is not None]
    if not pictures:
        return Look(())
    middles = [_cut(picture, picture.shape[1] // 2, 1) for picture in pictures]
    across = [_cut(picture, picture.shape[0] // 2, 0) for picture in pictures]
    thirds = [
        all(_cut(picture, n * picture.shape[1] // 3, 1).seam for n in (1, 2))
        for picture in pictures
    ]
    telling = [cut for cut in middles if cut.tells]
    return Look(
        sizes=tuple(picture.shape[:2] for picture in pictures),
        middle=_share([cut.seam for cut in middles]),
        across=_share([cut.seam for cut in across]),
        thirds=_share(thirds),
        telling=len(telling),
        smooth=_share([cut.smooth for cut in telling]),
        alike=_likeness(pictures),
    )


def doubt(look: Look) -> tuple[str, str] | None:
    """What files that show no two sides look like, and by what; None where nothing speaks against
    two sides.
    """
    if not look.sizes or look.paired:
        return None
    if look.thirds >= 0.5:
        return "three panels", "they are parted at both thirds and not in the middle"
    if look.across >= 0.5:
        return "pictures one above the other", "they are parted half way down and not in the middle"
    if look.whole:
        return "whole pictures", "what is left of the middle goes on to its right"
    low, high = USUAL
    if not any(low <= width / height <= high for height, width in look.sizes):
        return "whole pictures", "nothing parts them in the middle, and their halves are not alike"
    return None


def glimpse(file: Path) -> Array | None:
    """H W C of 0 to 255 as floats, for a look; None where it cannot be had."""
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST or min(picture.size) < 2:
                return None
            if picture.mode in ("RGB", "L"):
                return np.atleast_3d(np.asarray(picture, np.float32))
            if picture.mode in ("P", "1", "LA", "RGBA", "CMYK", "PA"):
                return np.asarray(picture.convert("RGB"), np.float32)
            values = np.atleast_3d(np.asarray(picture, np.float32))
    except Exception:  # whatever a decoder raises; who reads the file tells it
        return None
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    stretched: Array = np.nan_to_num((values - low) * (255 / (high - low or 1)))
    return stretched


def _cut(picture: Array, at: int, axis: int) -> Cut:
    """What a cut before line `at` of an axis meets."""
    low, high = max(0, at - NEAR - 1), min(picture.shape[axis], at + NEAR + 1)
    lines = np.moveaxis(picture, axis, 0)[low:high].reshape(high - low, -1)
    steps = np.abs(np.diff(lines, axis=0)).mean(axis=1)
    seam = at - low - 1
    near = [step for n, step in enumerate(steps) if abs(n - seam) > 1]
    if not 0 <= seam < len(steps) or not near:
        return Cut(False, False, False)
    usual, own = float(np.median(near)), float(steps[seam])
    spread = float(lines.std(axis=1).mean())
    tells = spread > LEAST and 0.3 < usual < SMOOTH * spread
    return Cut(own > STEP * usual + LEAST, tells and own < 2 * usual + 1, tells)


def _likeness(pictures: Sequence[Array]) -> float:
    halves = [
        (
            _outline(picture[:, : picture.shape[1] // 2]),
            _outline(picture[:, picture.shape[1] // 2 :]),
        )
        for picture in pictures
    ]
    fits = np.array([[float((a * b).sum()) for _, b in halves] for a, _ in halves])
    own = float(np.trace(fits)) / len(fits)
    others = (float(fits.sum()) - float(np.trace(fits))) / max(1, len(fits) * (len(fits) - 1))
    return own - others


def _outline(half: Array) -> Array:
    """Where a picture changes, on a small grid: mean 0, length 1, or all 0."""
    grey = Image.fromarray(half.mean(axis=2).astype(np.float32))
    rows, columns = np.gradient(np.asarray(grey.resize((GRID, GRID), Image.Resampling.BOX)))
    edges: Array = np.hypot(rows, columns)
    edges -= edges.mean()
    length = float(np.sqrt((edges * edges).sum()))
    return edges / length if length > 1 else edges * 0


def _share(of: Sequence[bool]) -> float:
    return sum(of) / len(of) if of else 0.0
