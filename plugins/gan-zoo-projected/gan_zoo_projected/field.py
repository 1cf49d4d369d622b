"""How far a network sees, found by following its operations on the meta device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten

# Of every column of a tensor, the first and the last column of the picture that it sees.
Windows = list[tuple[int, int]]
WIDEST = 2**14  # columns; whose window is wider sees everything


def receptive_field(discriminator: nn.Module, *, multiple: int) -> int:
    """Pixels in a row of the picture that the middle logit of the last map sees.

    What sees all of a picture at once, as squeeze and excitation or a norm over it, is left out.

    Args:
        discriminator: On the meta device, without condition.
        multiple: Of the sides, at which no size is rounded.
    """
    width = 16 * multiple
    while width < WIDEST:
        picture = torch.empty(1, 3, multiple, width, device="meta")
        with torch.no_grad(), Follow(picture) as seen:
            logits = discriminator.eval()(picture[:, :0], picture)[0][-1]
        windows = seen.windows[id(logits)]
        first, last = windows[len(windows) // 2]
        if first > 0 and last < width - 1:
            return int(last - first) + 1
        width *= 2
    return WIDEST


class Follow(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    """Keeps the windows of every tensor that is made of a picture.

    Args:
        picture: `B D H W`.
    """

    def __init__(self, picture: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        own = [(column, column) for column in range(picture.shape[-1])]
        self.windows: dict[int, Windows] = {id(picture): own}
        self._alive: list[Any] = [picture]  # so that no address is used twice

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self._alive.append(made)
        known = [
            self.windows[id(leaf)]
            for leaf in tree_leaves((args, kwargs))
            if isinstance(leaf, Tensor) and id(leaf) in self.windows
        ]
        operation = func.overloadpacket
        if not known or operation in WHOLE:
            return made
        if rule := RULES.get(operation):
            windows = rule(known[0], args, made)
        else:
            alike = [one for one in known if len(one) == len(known[0])]
            windows = [_union(places) for places in zip(*alike, strict=True)]
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor):
                self.windows[id(leaf)] = windows
        return made


def _union(windows: Iterable[tuple[int, int]]) -> tuple[int, int]:
    firsts, lasts = zip(*windows, strict=True)
    return min(firsts), max(lasts)


def _slid(
    windows: Windows, length: int, kernel: int, stride: int, padding: int, dilation: int
) -> Windows:
    """After a convolution or a pooling to so many columns."""
    made = []
    for place in range(length):
        taps = (place * stride - padding + tap * dilation for tap in range(kernel))
        made.append(_union(windows[tap] for tap in taps if 0 <= tap < len(windows)))
    return made


def _convolution(windows: Windows, args: Any, made: Any) -> Windows:
    _, weight, _, stride, padding, dilation = args[:6]
    return _slid(windows, made.shape[-1], weight.shape[-1], stride[-1], padding[-1], dilation[-1])


def _pooling(windows: Windows, args: Any, made: Any) -> Windows:
    pooled = made[0] if isinstance(made, tuple) else made
    kernel, stride, padding = (*args[1:4], *[None] * 3)[:3]
    strides = (stride or kernel)[-1]
    return _slid(windows, pooled.shape[-1], kernel[-1], strides, padding[-1] if padding else 0, 1)


def _enlarged(windows: Windows, args: Any, made: Any) -> Windows:
    """After bilinear interpolation: every column has two sources, or one where they are one."""
    times, last = made.shape[-1] / len(windows), len(windows) - 1
    found = []
    for place in range(made.shape[-1]):
        source = max(0.0, (place + 0.5) / times - 0.5)
        taps = {int(source), min(int(source) + (source % 1 > 0), last)}
        found.append(_union(windows[tap] for tap in taps))
    return found


RULES: Mapping[Any, Callable[[Windows, Any, Any], Windows]] = {
    aten.convolution: _convolution,
    aten.max_pool2d_with_indices: _pooling,
    aten.avg_pool2d: _pooling,
    aten.upsample_bilinear2d: _enlarged,
}
WHOLE = {aten.mean, aten._adaptive_avg_pool2d}
