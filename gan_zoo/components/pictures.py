"""Pictures as files and screens hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from einops import rearrange
from PIL import Image as PIL
from torch import Tensor

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.components.shapes import Values

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # channels -> Pillow's word
SHOWN = {2: 1}  # channels -> how many of them are for the eye; three of more than four
PHOTOMETRIC = {"rgb": "rgb", "rgba": "rgb", "cmyk": "separated"}  # colors -> the word of a TIFF
BASES = {"rgb": 3, "rgba": 3, "cmyk": 4}  # colors -> channels that need no further word in a TIFF


def as_8bit(picture: Tensor) -> Tensor:
    """Floats in [-1, 1] -> uint8, rounded; what is uint8 stays as it is."""
    if picture.dtype == torch.uint8:
        return picture
    return ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_pil(picture: Tensor, colors: str = "") -> PIL.Image:
    """A picture `C H W` of 1, 2, 3 or 4 channels -> PIL, in 8 bits.

    Args:
        picture: uint8, or floats in [-1, 1].
        colors: `cmyk` where its four channels are inks.

    Raises:
        UserError: more channels than a picture of PIL holds.
    """
    channels = picture.shape[0]
    if channels not in MODES:
        raise UserError(f"a picture of {channels} channels is none of PIL; use arrays or tensors")
    array = rearrange(as_8bit(picture), "c h w -> h w c").numpy()
    if colors == "cmyk":
        return PIL.merge("CMYK", [PIL.fromarray(ink) for ink in rearrange(array, "h w c -> c h w")])
    return PIL.fromarray(array[..., 0] if channels == 1 else array)


def to_view(picture: Tensor, colors: str = "") -> PIL.Image:
    """A picture `C H W` of any number of channels for the eye: 8 bits, of two channels the first as
    grey, of more than four the first three as red, green and blue, four inks in the colors that
    they print.

    Args:
        picture: uint8, or floats in [-1, 1].
        colors: As of `to_pil`.
    """
    seen = to_pil(picture[: shown_channels(len(picture))], colors)
    return seen.convert("RGB") if colors == "cmyk" else seen


def shown_channels(channels: int) -> int:
    """How many channels of a picture the eye is shown."""
    return SHOWN.get(channels, channels if channels in MODES else 3)


def fits_png(values: Values, channels: int) -> bool:
    """Whether PNG holds a picture.

    Args:
        values: What the numbers of its files mean.
        channels: Of the picture.
    """
    if values.dtype == "uint16":
        return channels == 1
    return values.dtype == "uint8" and channels in MODES and values.colors != "cmyk"


def tiff_words(colors: str, channels: int) -> dict[str, Any]:
    """What `tifffile.imwrite` is told of the channels of a picture `H W C`, or `H W` where it has
    one.

    Args:
        colors: What the channels are, as `Values` has it.
        channels: How many.
    """
    words: dict[str, Any] = {
        "photometric": PHOTOMETRIC.get(colors, "minisblack"),
        "metadata": None,
        "software": False,
    }
    if channels > 1:
        words["planarconfig"] = "contig"
    if (more := channels - BASES.get(colors, 1)) > 0:
        words["extrasamples"] = ["unassalpha" if colors == "rgba" else "unspecified"] * more
    return words
