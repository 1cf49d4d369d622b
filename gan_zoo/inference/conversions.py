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
from gan_zoo.components.shapes import Image, Values
from gan_zoo.errors import UserError
from gan_zoo.inference.networks import to_8bit
from gan_zoo.inference.ranges import NETWORK, Range, from_network, to_network

PLAIN = Values()
DEEP = ("L", "I;16", "I;16L", "I;16B", "I", "F")  # modes of one number a pixel, as measured
IDS = ("1", "L", "P", "I;16", "I;16L", "I;16B", "I")  # modes of one number a pixel
ORIENTATION = 0x0112  # EXIF: how a camera was held
MOST = 2**31  # ids lie below it
SHOWN = 5


def to_map(
    name: str,
    value: Any,
    wanted: Image,
    ignored: Sequence[int] = (),
    values: Values = PLAIN,
    said: Range | None = None,
) -> Tensor:
    """Any accepted type -> `C H W`: pictures as uint8 or floats, ids as int32.

    Args:
        name: The map's, for messages.
        value: A PIL picture, an array `H W C` or a tensor `C H W`; `H W` where there is one
            channel, except of tensors of colors.
        wanted: What the model takes.
        ignored: Ids beyond the classes that it takes too.
        values: What the numbers of the map's files mean.
        said: What the caller says of the numbers.

    Raises:
        UserError: it is something else; says what was expected.
    """
    if isinstance(value, PIL.Image):
        _refuse_odd(name, value, wanted, values, said)
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "buif":
            raise UserError(f"{name}: an array of {value.dtype} came; numbers were expected")
        value = torch.from_numpy(_own(value, wanted))
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
    if wanted.ids:
        return _ids(name, value, wanted, ignored)
    return to_network(name, value, values, said)


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


def to_type_of(given: Any, made: Tensor, values: Values = PLAIN, said: Range | None = None) -> Any:
    """A picture in the type of what was given: a tensor, an array, or PIL. Where its files hold
    other numbers than 0 to 255 it is of these, as floats: a tensor, or an array for all else.

    Args:
        given: What the caller gave.
        made: Floats in [-1, 1], `D H W`.
        values: What the numbers of the picture's files mean.
        said: The range of floats that the caller says.
    """
    floats = is_float(given)
    if not values.plain:
        made = from_network(made, (values.low, values.high))
        floats = floats and given.dtype.itemsize >= made.dtype.itemsize
    else:
        made = from_network(made, said or NETWORK) if floats else to_8bit(made)
    if isinstance(given, Tensor):
        return made.to(given) if floats else made.to(given.device)
    if values.plain and not isinstance(given, np.ndarray):
        return to_pil(made, values.colors)
    array = rearrange(made, "c h w -> h w c").numpy()
    flat = given.ndim == 2 if isinstance(given, np.ndarray) else True
    array = array[..., 0] if flat and array.shape[-1] == 1 else array
    return array.astype(given.dtype) if floats else array


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


def _own(array: np.ndarray, wanted: Image) -> np.ndarray:
    """A copy in the machine's byte order, of a type that torch computes with."""
    kinds = {"uint16": np.int32, "uint32": np.int64}
    dtype = array.dtype.newbyteorder("=")
    return np.array(array, dtype if wanted.ids else kinds.get(dtype.name, dtype), copy=True)


def _refuse_odd(
    name: str, picture: PIL.Image, wanted: Image, values: Values, said: Range | None
) -> None:
    """Refuse what would only look right as numbers: palettes, other modes, turned pixels."""
    if wanted.ids:
        if picture.mode not in IDS:
            raise UserError(
                f"{name}: a picture of mode {picture.mode} came, but this map holds ids: one whole "
                "number a pixel, as pictures of the modes L, P, I;16 and I do"
            )
    else:
        _refuse_mode(name, picture, wanted, values, said)
    if picture.getexif().get(ORIENTATION, 1) != 1:
        raise UserError(
            f"{name}: its EXIF tag turns the picture, its pixels lie on their side; "
            "PIL.ImageOps.exif_transpose(picture) turns them"
        )


def _refuse_mode(
    name: str, picture: PIL.Image, wanted: Image, values: Values, said: Range | None
) -> None:
    came = f"{name}: a picture of mode {picture.mode} came"
    if not values.plain and wanted.channels == 1 and picture.mode in DEEP:
        return
    if values.dtype != "uint8" and said is None:
        raise UserError(
            f"{came}, but its files hold {values.dtype} of {values} in {wanted.channels} "
            f"channel{'s' * (wanted.channels != 1)}; give these as an array"
        )
    mode = "CMYK" if values.colors == "cmyk" else MODES.get(wanted.channels)
    inks = (picture.mode, wanted.channels, values.colors) == ("CMYK", 4, "")
    if mode is None:
        raise UserError(f"{came}, the model takes {wanted.channels} channels; give an array H W C")
    if picture.mode != mode and not inks:
        raise UserError(f"{came}, the model takes {mode}; picture.convert('{mode}') makes one")
