"""The history of generated pictures that steadies a discriminator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gan_zoo.components.pictures import as_8bit

SHORT = 2**15  # ids below it are held in 16 bits


class Pool:
    """Earlier fakes in place of half of the new ones (Shrivastava et al. 2017, sec. 2.3).

    A full pool hands out, for every picture, with probability 1/2 the picture itself, and otherwise
    one of its own, whose place the new one takes. Each picture is held with what it was made of, so
    that the discriminator judges true pairs. Pictures that share a batch are of one size, so there
    those of another size are the first to go. Draws come from torch's generator of the CPU, and
    only once the pool is full.

    It holds them on the CPU, and so does every checkpoint: pictures of 8 bits, ids of 16 or 32.

    Args:
        size: Pictures that it holds; 0 hands everything through.
        exact: Hold fakes as they are, not in 8 bits.
    """

    def __init__(self, size: int, *, exact: bool = False) -> None:
        self.size = size
        self.exact = exact
        self.held: list[dict[str, Tensor]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Pool:
        """Pictures are replaced, never changed: a copy may hold the same ones."""
        twin = Pool(self.size, exact=self.exact)
        twin.held = list(self.held)
        return twin

    def ask(self, fake: Tensor) -> Tensor:
        """Fakes `B D H W` without graph -> as many, of now and of earlier."""
        old = self.exchange(fake, {})
        rows = [fake[n] if one is None else one["fake"] for n, one in enumerate(old)]
        return torch.stack(rows) if self.size else fake

    def exchange(
        self, fake: Tensor, beside: Mapping[str, Tensor]
    ) -> Sequence[Mapping[str, Tensor] | None]:
        """Show it new pictures.

        Args:
            fake: `B D H W`, without graph.
            beside: What is held with them, `B ...` each: pictures as uint8, ids as integers of any
                width, and what must be held as it is as floats. `fake` is no name for it.

        Returns:
            For every picture what stands in for it, its `fake` in the type of the new ones and the
            rest as it was given, but for the width of ids; None where the picture stays.
        """
        if not self.size:
            return [None] * len(fake)
        alone = len(fake) == 1
        given = [
            self._one({name: t[n] for name, t in {**beside, "fake": fake}.items()}, alone)
            for n in range(len(fake))
        ]
        return [old and {**old, "fake": _as_float(old["fake"], fake)} for old in given]

    def full_bytes(self) -> int:
        """What it holds when it is full, if all pictures are like the last one."""
        last = self.held[-1] if self.held else {}
        return self.size * sum(tensor.nbytes for tensor in last.values())

    def state(self) -> dict[str, Any]:
        """What it holds, for a checkpoint."""
        return {f"{n:04d}": dict(held) for n, held in enumerate(self.held)}

    def restore(self, state: dict[str, Any]) -> None:
        """Hold again what a checkpoint kept."""
        self.held = [dict(state[n]) for n in sorted(state)]

    def _one(self, new: dict[str, Tensor], alone: bool) -> dict[str, Tensor] | None:
        """What stands in for a picture."""
        if len(self.held) < self.size:
            self.held.append(self._packed(new))
            return None
        shape = new["fake"].shape
        other = [n for n, held in enumerate(self.held) if held["fake"].shape != shape]
        if other and not alone:  # they could not stand in a batch, so they make room
            self.held[other[0]] = self._packed(new)
            return None
        if _draw(2):
            return None
        place = _draw(self.size)
        old, self.held[place] = self.held[place], self._packed(new)
        return old

    def _packed(self, new: dict[str, Tensor]) -> dict[str, Tensor]:
        """One picture and what goes with it, as it is held: a view would hold the whole batch."""
        packed = {name: _narrow(tensor) for name, tensor in new.items()}
        if not self.exact:
            packed["fake"] = as_8bit(new["fake"])
        return {
            name: tensor.clone() if tensor.is_meta else tensor.to("cpu", copy=True)
            for name, tensor in packed.items()
        }


def _as_float(picture: Tensor, like: Tensor) -> Tensor:
    """A held picture as networks take it."""
    picture = picture.to(like.device)
    return picture.to(like.dtype) / 127.5 - 1 if picture.dtype == torch.uint8 else picture.to(like)


def _narrow(tensor: Tensor) -> Tensor:
    """Ids in 16 bits where they fit; pictures, which are uint8, and floats as they are."""
    if tensor.is_floating_point() or tensor.dtype == torch.uint8:
        return tensor
    short = tensor.is_meta or not tensor.numel() or int(tensor.abs().max()) < SHORT
    return tensor.to(torch.int16 if short else torch.int32)


def _draw(below: int) -> int:
    return int(torch.randint(below, ()).item())
