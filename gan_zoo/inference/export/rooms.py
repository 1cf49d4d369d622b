"""The rule by which a picture of any size is given room, as a graph can follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_zoo.components.learning import Network
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.errors import ContractError, UserError

TRIED = 6  # multiples a side that a generator is asked about


@dataclass(frozen=True)
class Room:
    """Sides are rounded up to multiples. Where the generator refuses what comes of it, both grow by
    as many multiples as it takes.

    Args:
        multiple: Of the generator.
        least: How many multiples the shorter side has at least.
        longer: How many the longer side has at least.
    """

    multiple: int
    least: int = 1
    longer: int = 1

    @classmethod
    def of(cls, network: Network) -> Room:
        """The rule of a generator, found by asking it about small sizes.

        Raises:
            UserError: it takes sizes by no such rule.
        """
        spec = network.spec
        assert isinstance(spec, GeneratorSpec)
        multiple, counts = spec.multiple(), range(1, TRIED + 1)

        def takes(high: int, wide: int) -> bool:
            size = high * multiple, wide * multiple
            try:
                spec.check(network.given.resized(*size), network.wanted.resized(*size))
            except ContractError:
                return False
            return True

        taken = {(high, wide) for high in counts for wide in counts if takes(high, wide)}
        least = next((n for n in counts if (n, TRIED) in taken), 0)
        longer = next((n for n in counts if (n, n) in taken), 0)
        rule = {
            (high, wide)
            for high in counts
            for wide in counts
            if min(high, wide) >= least and max(high, wide) >= longer
        }
        if not least or rule != taken:
            raise UserError(
                f"{network.name} cannot be exported: a file takes pictures of all sizes by one "
                f"rule, and this generator refuses some sizes up to {TRIED * multiple} that are "
                f"multiples of {multiple}, by none that a graph can follow"
            )
        return cls(multiple, least, longer)

    def fit(self, height: int, width: int) -> tuple[int, int]:
        """The size that holds this one. Of whole numbers, or of a graph's symbols for them: no
        branch, and nothing negative is divided, since ONNX rounds that otherwise.
        """
        high = (height + self.multiple - 1) // self.multiple
        wide = (width + self.multiple - 1) // self.multiple
        more: Any = 0
        if self.least > 1:
            more = torch.sym_max(more, self.least - torch.sym_min(high, wide))
        if self.longer > self.least:
            more = torch.sym_max(more, self.longer - torch.sym_max(high, wide))
        return (high + more) * self.multiple, (wide + more) * self.multiple


def reflect(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """`pad_by_reflection` in words of a graph: the same pixels, whatever the sizes are."""
    for dim, wanted in zip((-2, -1), size, strict=True):
        side = tensor.shape[dim]
        period = torch.scalar_tensor(
            torch.sym_max(2 * side - 2, 1), dtype=torch.int64, device=tensor.device
        )
        mirror = torch.arange(wanted, device=tensor.device) % period
        # Of a side of one pixel the period is 1, and all of it is 0.
        tensor = tensor.index_select(dim, torch.minimum(mirror, period - mirror))
    return tensor


def crop(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """The upper left `B C H W` of a picture. By indices: a slice would be guarded by whether there
    is anything to cut off.
    """
    for dim, side in zip((-2, -1), size, strict=True):
        tensor = tensor.index_select(dim, torch.arange(side, device=tensor.device))
    return tensor
