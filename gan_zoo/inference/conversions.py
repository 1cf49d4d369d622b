"""What a caller gives to a Translator: PIL, numpy or tensors -> a map `C H W`, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from einops import rearrange
from PIL import Image as PIL
from torch import Tensor

from gan_zoo.components.instance_ids import distinct_ids
from gan_zoo.components.pictures import MODES, to_pil
from gan_zoo.components.shapes import Image
from gan_zoo.errors import UserError

IDS = ("1", "L", "P", "I;16", "I;16L", "I;16B", "I")  # modes of one number a pixel
ORIENTATION = 0x0112  # EXIF: how a camera was held
MOST = 2**31  # ids lie below it
SHOWN = 5


def to_map(name: str, value: Any, wanted: Image, ignored: Sequence[int] = ()) -> Tensor:
    """Any accepted type -> `C H W`: pictures as uint8 or floats, ids as int32.

    Args:
        name: The map's, for messages.
        value: A PIL picture, an array `H W C` or a tensor `C H W`; `H W` where there is one
            channel, except of tensors of colors.
        wanted: What the model takes.
        ignored: Ids beyond the classes that it takes too.

    Raises:
        UserError: it is something else; says what was expected.
    """
    if isinstance(value, PIL.Image):
        _refuse_odd(name, value, wanted)
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "buif":
            raise UserError(f"{name}: an array of {value.dtype} came; numbers were expected")
        value = torch.from_numpy(np.array(value, value.dtype.newbyteorder("="), copy=True))
        value = value[None] if value.ndim == 2 else value.movedim(-1, 0)
    elif isinstance(value, Tensor) and wanted.ids and value.ndim == 2:
        value = value[None]
    if not isinstance(value, Tensor) or value.ndim != 3:
        came = [*value.shape] if isinstance(value, Tensor) else type(value).__name__
        raise UserError(
            f"{name}: {came} came; a path, a PIL picture, an array H W C or a tensor C H W "
            "was expected"
        )
    if value.shape[0] != wanted.channels or not value.numel():
        raise UserError(
            f"{name}: {[*value.shape]} (channels, height, width) came; the model takes "
            f"{wanted.channels} channel{'s' * (wanted.channels != 1)}"
            + "; a batch is B 1 H W, as an array B H W 1"
            * (wanted.channels == 1 and value.shape[0] > 1)
        )
    return _ids(name, value, wanted, ignored) if wanted.ids else _colors(name, value)


def _colors(name: str, value: Tensor) -> Tensor:
    if value.dtype == torch.uint8:
        return value
    if not value.is_floating_point():
        raise UserError(f"{name}: {value.dtype} came; uint8, or floats in [-1, 1], is expected")
    most = value.abs().max().item()
    if not most <= 1:  # also where it is not a number
        raise UserError(
            f"{name}: floats up to {most:.4g} came, [-1, 1] is expected; "
            "for 8-bit values: x / 127.5 - 1"
        )
    return value.detach()


def _ids(name: str, value: Tensor, wanted: Image, ignored: Sequence[int]) -> Tensor:
    if value.is_floating_point() or value.is_complex():
        raise UserError(
            f"{name}: {value.dtype} came, but ids are whole numbers; give integers as they are, "
            "neither scaled nor normalized"
        )
    wide = value.to(torch.int64)
    found = distinct_ids(wide.cpu().numpy())
    low, high = int(found[0]), int(found[-1])
    if low < 0 or high >= MOST:
        raise UserError(f"{name}: the id {low if low < 0 else high} came; ids are 0 to {MOST - 1}")
    if wanted.classes is not None and high >= wanted.classes:
        allowed = {*range(wanted.classes), *ignored}
        if strange := [one for one in found.tolist() if one not in allowed]:
            told = ", ".join(map(str, strange[:SHOWN])) + ", ..." * (len(strange) > SHOWN)
            also = f", and {', '.join(map(str, ignored))} for no class" if ignored else ""
            raise UserError(
                f"{name}: the id{'s' * (len(strange) > 1)} {told} came; the model takes 0 to "
                f"{wanted.classes - 1}{also}"
            )
    if wanted.instances is not None and (count := len(found)) > wanted.instances:
        raise UserError(
            f"{name}: {count} different ids came; the model takes {wanted.instances} in a picture"
        )
    return wide.to(torch.int32)


def to_type_of(given: Any, made: Tensor) -> Any:
    """A picture `D H W` in the type of what was given: a tensor, an array, or PIL.

    Args:
        given: What the caller gave.
        made: uint8, or floats where floats were given.
    """
    if isinstance(given, Tensor):
        return made.to(given) if given.is_floating_point() else made.to(given.device)
    if isinstance(given, np.ndarray):
        array = rearrange(made, "c h w -> h w c").numpy()
        array = array[..., 0] if given.ndim == 2 and array.shape[-1] == 1 else array
        return array.astype(given.dtype) if is_float(given) else array
    return to_pil(made)


def is_float(given: Any) -> bool:
    """Whether floats were given, which come back as floats."""
    if isinstance(given, Tensor):
        return given.is_floating_point()
    return isinstance(given, np.ndarray) and np.issubdtype(given.dtype, np.floating)


def is_batch(value: Any) -> bool:
    """Whether it is several of something."""
    return isinstance(value, list | tuple) or (
        isinstance(value, Tensor | np.ndarray) and value.ndim == 4
    )


def stack(made: list[Any]) -> Any:
    """Tensors or arrays as one.

    Raises:
        UserError: there are none.
    """
    if not made:
        raise UserError("an empty batch came; at least one picture was expected")
    return torch.stack(made) if isinstance(made[0], Tensor) else np.stack(made)


def _refuse_odd(name: str, picture: PIL.Image, wanted: Image) -> None:
    """Refuse what would only look right as numbers: palettes, other modes, turned pixels."""
    if wanted.ids:
        if picture.mode not in IDS:
            raise UserError(
                f"{name}: a picture of mode {picture.mode} came, but this map holds ids: one whole "
                "number a pixel, as pictures of the modes L, P, I;16 and I do"
            )
    else:
        mode = MODES.get(wanted.channels, f"{wanted.channels} channels")
        if picture.mode != mode and (picture.mode, wanted.channels) != ("CMYK", 4):
            raise UserError(
                f"{name}: a picture of mode {picture.mode} came, the model takes {mode}; "
                f"picture.convert('{mode}') makes one"
            )
    if picture.getexif().get(ORIENTATION, 1) != 1:
        raise UserError(
            f"{name}: its EXIF tag turns the picture, its pixels lie on their side; "
            "PIL.ImageOps.exif_transpose(picture) turns them"
        )
