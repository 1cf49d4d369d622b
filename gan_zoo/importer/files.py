"""The files of a foreign program: EPOCH_net_NAME.pth in one folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from gan_zoo.components.foreign import Shapes
from gan_zoo.components.pretrained import read_weights
from gan_zoo.errors import UserError

NAME = re.compile(r"(?P<epoch>.+?)_net_(?P<name>.+)\.pth")
LATEST = "latest"
PREFIX = "module."  # of networks that were saved inside a wrapper


@dataclass(frozen=True)
class File:
    """One file, which is read when its tensors are first asked for."""

    path: Path

    def __str__(self) -> str:
        return self.path.name

    @cached_property
    def stored(self) -> Mapping[str, Tensor]:
        """Its tensors.

        Raises:
            UserError: it is damaged, or holds anything but tensors; nothing of it was executed.
        """
        return read_weights(self.path)

    @cached_property
    def bare(self) -> Mapping[str, Tensor]:
        """Its tensors by their own keys, without the prefix of a wrapper."""
        prefix = PREFIX if all(key.startswith(PREFIX) for key in self.stored) else ""
        return {key.removeprefix(prefix): tensor for key, tensor in self.stored.items()}

    @property
    def shapes(self) -> Shapes:
        """Those of the bare tensors."""
        return {key: tuple(tensor.shape) for key, tensor in self.bare.items()}


@dataclass(frozen=True)
class Folder:
    """The files of one epoch.

    Args:
        path: Where they lie.
        epoch: `latest`, else the only one, else the highest number.
        files: By the network's name in them, as G.
        others: Names of the files of other epochs.
    """

    path: Path
    epoch: str
    files: Mapping[str, File]
    others: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, names: str = f"{LATEST}_net_G.pth and so on") -> Folder:
        """List the files of a folder.

        Args:
            path: The folder.
            names: How files are to be called, for who has none.

        Raises:
            UserError: there are none, or epochs without an order.
        """
        if not path.is_dir():
            what = "is a file; give the folder that holds it" if path.exists() else "is not there"
            raise UserError(f"{path} {what}")
        found: dict[str, dict[str, File]] = {}
        for file in sorted(path.iterdir()):
            if file.is_file() and (match := NAME.fullmatch(file.name)):
                found.setdefault(match["epoch"], {})[match["name"]] = File(file)
        if not found:
            there = ", ".join(sorted(file.name for file in path.iterdir())[:8]) or "it is empty"
            raise UserError(f"{path} holds no checkpoint ({there}); name the files {names}")
        epoch = _epoch(path, list(found))
        others = [str(file) for one in found if one != epoch for file in found[one].values()]
        return cls(path, epoch, found[epoch], tuple(others))


def _epoch(path: Path, epochs: list[str]) -> str:
    if LATEST in epochs or len(epochs) == 1:
        return LATEST if LATEST in epochs else epochs[0]
    if all(epoch.isdecimal() for epoch in epochs):
        return max(epochs, key=int)
    raise UserError(
        f"{path} holds the epochs {', '.join(epochs)} and none is called {LATEST}; "
        "copy the files of one of them into a folder of its own"
    )
