"""What pixels depend on, in few words: other words, other pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from torch import Tensor, nn

from gan_zoo.components.windows import Windows


def digest_weights(modules: Mapping[str, nn.Module]) -> str:
    """Of all tensors that make pictures."""
    made = blake2b(digest_size=16)
    for name, module in modules.items():
        for key, tensor in module.state_dict().items():
            _add(made, f"{name}.{key}")
            _add(made, tensor)
    return made.hexdigest()


def digest(value: Any) -> str:
    """Of words, numbers and tensors, and of mappings, sequences and dataclasses of such."""
    made = blake2b(digest_size=8)
    _add(made, value)
    return made.hexdigest()


def identify(windows: Windows) -> dict[str, Any]:
    """Which picture it is: its files with their bytes and the time of a change, its size, and what
    of the files it is. One that tells nothing of itself is never the same again.
    """
    stats = {Path(name): Path(name).stat() for name in windows.files}
    files = {str(path.resolve()): [one.st_size, one.st_mtime_ns] for path, one in stats.items()}
    told = windows.identity
    if not (files or told):
        told = uuid4().hex
    return {"files": files, "size": [*windows.size], "part": told}


def _add(made: Any, value: Any) -> None:
    """Everything with its length before it, so that no two values are alike by their borders."""
    if isinstance(value, Tensor):
        whole = value.detach().cpu().contiguous()
        _add(made, f"{whole.dtype} {[*whole.shape]}")
        made.update(whole.reshape(-1).view(torch.uint8).numpy())
    elif is_dataclass(value) and not isinstance(value, type):
        _add(made, [getattr(value, one.name) for one in fields(value)])
    elif isinstance(value, Mapping):
        _add(made, [*value.items()])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        _add(made, str(len(value)))
        for one in value:
            _add(made, one)
    else:
        words = str(value).encode()
        made.update(f"{len(words)} ".encode() + words)
