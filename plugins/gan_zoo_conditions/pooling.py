"""Instance-wise average pooling (Wang et al. 2018, sec. 3.4), without a loop."""

from __future__ import annotations

import torch
from einops import rearrange, reduce, repeat
from torch import Tensor

# Pixels side by side add to several sums in turn, which are added up at the end: else each would
# wait for the one before it, and one float32 sum of a million pixels would lose digits.
PHASES = 8


class Places:
    """The slot of every pixel. All shapes are static, whatever the ids are.

    Args:
        ids: `B 1 H W`: 0 to less than `slots`; others are in no slot.
        slots: How many there are: S.
    """

    def __init__(self, ids: Tensor, slots: int) -> None:
        self.slots = slots
        self.size = ids.shape[-2:]
        self._bins = slots + 2  # one before and one after for what is in no slot
        across = torch.arange(ids.shape[-1], device=ids.device) % PHASES * self._bins + 1
        self._index = ids.long().clamp(-1, slots).add_(across).flatten(1)  # B H*W

    def pool(self, features: Tensor) -> Tensor:
        """`B C H W` -> the means `B S C`, zero where no pixel is in a slot; a gradient goes through
        them. Half precision is added up in float32.
        """
        features = features.float() if features.dtype.itemsize < 4 else features
        batch, channels = features.shape[:2]
        bins = PHASES * self._bins
        index = self._index[:, None].expand(-1, channels, -1)
        sums = features.new_zeros(batch, channels, bins).scatter_add(2, index, features.flatten(2))
        counts = self.counts(features.dtype)[:, None]  # B 1 S
        sums = self._over_phases(sums)
        return (sums / counts.clamp(min=1)).transpose(1, 2)  # B S C

    def counts(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Pixels in each slot, `B S`."""
        one = torch.ones((), dtype=dtype, device=self._index.device).expand(self._index.shape)
        zeros = one.new_zeros(one.shape[0], PHASES * self._bins)
        return self._over_phases(zeros.scatter_add(1, self._index, one))

    def paint(self, means: Tensor) -> Tensor:
        """Means `B S C` -> `B C H W`, the mean of its slot at every pixel; zero in no slot."""
        table = torch.nn.functional.pad(means.transpose(1, 2), (1, 1))  # B C S+2
        # In phases, so that its gradient is added up in phases too.
        table = repeat(table, "b c bin -> b c (phase bin)", phase=PHASES)
        index = self._index[:, None].expand(-1, table.shape[1], -1)
        return rearrange(table.gather(2, index), "b c (h w) -> b c h w", h=self.size[0])

    def _over_phases(self, sums: Tensor) -> Tensor:
        return reduce(sums, "... (phase bin) -> ... bin", "sum", phase=PHASES)[..., 1:-1]


def resize_nearest(ids: Tensor, size: tuple[int, int]) -> Tensor:
    """`B 1 H W` -> `B 1 h w`: of each block the pixel at its center, as files are resized."""
    for dim, wanted in zip((-2, -1), size, strict=True):
        side = ids.shape[dim]
        at = (2 * torch.arange(wanted, device=ids.device) + 1) * side // (2 * wanted)
        ids = ids.index_select(dim, at)
    return ids
