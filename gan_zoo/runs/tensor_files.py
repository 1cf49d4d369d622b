"""Tensors as safetensors files, in pieces: no copy of the whole is held, and a checksum may be
taken on the way. The library writes a whole file at once, from a copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

WORDS = {  # torch's name of a type -> that of the format
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
}
ALIGNED = 8  # bytes; where the first tensor begins


def stream_tensors(
    tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None
) -> Iterator[bytes | memoryview]:
    """A safetensors file in pieces: the header, then a piece a tensor. Those that share memory are
    written each in full.

    Args:
        tensors: Name -> tensor, on any device.
        about: What else the header says.

    Raises:
        ValueError: the format has no such type; names the tensor.
    """
    # The widest types come first, so that every tensor is aligned.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, object] = {"__metadata__": dict(about)} if about else {}
    end = 0
    for name in names:
        tensor, begin = tensors[name], end
        kind = str(tensor.dtype).removeprefix("torch.")
        if kind not in WORDS:
            raise ValueError(f"{name}: safetensors knows no {kind}")
        end += tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": WORDS[kind],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNED)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        yield as_bytes(tensors[name])


def as_bytes(tensor: Tensor) -> memoryview:
    """The numbers of a tensor as they lie in memory, copied only where they do not lie in order."""
    import torch

    plain = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(plain.view(torch.uint8).numpy().data)
