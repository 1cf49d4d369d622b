"""Networks that judge: filled from files, and what they see in pictures."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from gan_zoo.components import UserError, pretrained
from gan_zoo_metrics.published_files import PublishedFile

DIGITS = 16  # of a digest that protocols keep
UNUSED = "num_batches_tracked"  # that inference never reads, and some files lack


@dataclass(frozen=True)
class Weights:
    """What a file holds.

    Args:
        path: The file.
        tensors: In it, by key; floating ones in float32.
        sha256: Its digest.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    sha256: str

    @classmethod
    def read(cls, file: PublishedFile, said: str) -> Weights:
        """Read the file that `weights: SAID` means. Nothing in it is executed.

        Raises:
            UserError: it is absent, damaged, or not what was published.
        """
        path = file.require(said)
        digest = file_digest(path)
        if said == "cached" and not digest.startswith(file.sha256):
            raise UserError(
                f"{path} is not the published file: its sha256 is {digest}, and {file.sha256}... "
                "was expected. Remove it and bring it again, or name it by weights: PATH if it is "
                "what you want"
            )
        held = pretrained.read_weights(path)
        tensors = {k: t.float() if t.is_floating_point() else t for k, t in held.items()}
        return cls(path, tensors, digest)

    def fill(self, network: nn.Module, of: str, *, rename: Mapping[str, str] | None = None) -> None:
        """Put them into a network, which then only judges. Tensors that it has no place for, as a
        classifier's, are passed over.

        Args:
            network: On any device, the meta device too.
            of: What it is, for the error.
            rename: Its key -> the key in the file, where they differ.

        Raises:
            UserError: they do not fit; names the layers.
        """
        others = rename or {}
        wanted = network.state_dict()
        stored = {key: self.tensors.get(others.get(key, key)) for key in wanted}
        found = {others.get(k, k): t for k, t in stored.items() if t is not None}
        asked = {others.get(k, k): tuple(t.shape) for k, t in wanted.items() if UNUSED not in k}
        if wrong := pretrained.describe_misfit(found, asked):
            raise UserError(
                f"{self.path} holds no weights of {of}: {wrong}. Give its state dict, or leave "
                "`weights: cached` and bring the published file"
            )
        unused = torch.zeros((), dtype=torch.long)
        filled = {key: unused if tensor is None else tensor for key, tensor in stored.items()}
        network.load_state_dict(filled, assign=True)
        network.requires_grad_(False).eval()


def file_digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def three_channels(picture: Tensor) -> Tensor:
    """uint8 `C H W -> 1 3 H W`: grey pictures are shown as three equal channels."""
    return picture.expand(3, *picture.shape[-2:])[None]


class Features:
    """What a network sees in pictures. Metrics of one network share it while they live, so that
    every picture passes once, however many of them read it.

    Args:
        network: uint8 `1 3 H W` -> `1 D`.
        judge: What of it belongs to a protocol.
        device: Where it computes.
    """

    def __init__(self, network: Callable[[Tensor], Tensor], judge: Any, device: str) -> None:
        self._network, self._device, self.judge = network, device, judge
        self._last: deque[tuple[Tensor, Tensor]] = deque(maxlen=2)  # generated, real

    def of(self, picture: Tensor) -> Tensor:
        """uint8 `C H W -> D`, float32 on the CPU."""
        for seen, features in self._last:
            if seen is picture:
                return features
        with torch.inference_mode(), exact():
            found = self._network(three_channels(picture).to(self._device))
        features = found[0].float().cpu()
        self._last.append((picture, features))
        return features


def exact() -> Any:
    """Convolutions in full float32, as on a CPU: scores should not depend on the graphics card."""
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )


Key = tuple[str, Path, int, int, str]
_ALIVE: WeakValueDictionary[Key, Features] = WeakValueDictionary()


def shared_features(name: str, path: Path, device: str, make: Callable[[], Features]) -> Features:
    """The features of a network that another metric has, or else new ones.

    Args:
        name: Of the network.
        path: The file of its weights.
        device: Where it computes.
        make: Builds it.
    """
    about = path.stat()
    key = (name, path.resolve(), about.st_mtime_ns, about.st_size, device)
    if (alive := _ALIVE.get(key)) is not None:
        return alive
    made = _ALIVE[key] = make()
    return made
