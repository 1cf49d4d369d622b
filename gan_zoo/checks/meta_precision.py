"""A run's precision on the meta device, autocast included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from gan_zoo.engine.precision import AUTO, Precision
from gan_zoo.errors import UserError
from gan_zoo.recipe.engine_words import Engine

# What autocast does on a GPU, of what networks are made of: compute in half, or in float32.
HALF: frozenset[Callable[..., Any]] = frozenset(
    {
        torch.conv1d, torch.conv2d, torch.conv3d,
        torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d,
        F.linear, F.scaled_dot_product_attention, torch.einsum, torch.prelu,
        torch.matmul, torch.mm, torch.bmm, torch.addmm, torch.baddbmm,
        Tensor.matmul, Tensor.__matmul__, Tensor.mm, Tensor.bmm,
    }
)  # fmt: skip
FLOAT32: frozenset[Callable[..., Any]] = frozenset(
    {
        F.group_norm, torch.group_norm, F.layer_norm, torch.layer_norm, F.normalize,
        F.softmax, torch.softmax, Tensor.softmax, F.log_softmax, F.softplus,
        F.l1_loss, F.mse_loss, F.smooth_l1_loss, F.binary_cross_entropy_with_logits,
        torch.exp, torch.log, torch.pow, torch.rsqrt, torch.norm, torch.sum, torch.prod,
        Tensor.exp, Tensor.log, Tensor.pow, Tensor.__pow__, Tensor.rsqrt, Tensor.norm, Tensor.sum,
    }
)  # fmt: skip


def precision_on_meta(engine: Engine) -> Precision:
    """How a recipe's engine section would compute, in the bytes that this takes. `auto` is as here,
    or as of the kind of device that it names.
    """
    meta = torch.device("meta")
    try:
        told = Precision.of(**engine.computing)
    except UserError:  # it will run elsewhere
        kept = {"auto": AUTO.get(engine.device.partition(":")[0], {})}
        told = Precision.of(**{**engine.computing, "device": meta}, kept=kept)
    return MetaPrecision(meta, told.name, "contiguous", told.share_views, told.norms)


@dataclass
class _Casts:
    """Weights in half, kept until nobody is inside."""

    inside: int = 0
    kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep them at least until its end."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            if not self.inside:
                self.kept.clear()


@dataclass(frozen=True)
class MetaPrecision(Precision):
    """A precision whose autocast works on the meta device, where torch's does not."""

    weights: _Casts = field(default_factory=_Casts, compare=False)

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """As of any precision."""
        if self.half is None:
            yield
            return
        with self.weights.open(), _Autocast(self.half, self.weights.kept):
            yield

    def casts(self) -> AbstractContextManager[Any]:
        """As of any precision."""
        return nullcontext() if self.half is None else self.weights.open()

    def scaler(self) -> None:
        """None: it would look at numbers."""


class _Autocast(TorchFunctionMode):
    """Casts what an operation is given, and keeps casts of weights, as torch's autocast does."""

    def __init__(self, half: torch.dtype, kept: dict[int, tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.half = half
        self.kept = kept

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = (args, kwargs or {})
        if func in HALF:
            given = tree_map(self._narrow, given)
        elif func in FLOAT32:
            given = tree_map(self._widen, given)
        return func(*given[0], **given[1])

    def _narrow(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dtype != torch.float32:
            return value
        if not (value.is_leaf and value.requires_grad and torch.is_grad_enabled()):
            return value.to(self.half)
        if id(value) not in self.kept:
            self.kept[id(value)] = value, value.to(self.half)
        return self.kept[id(value)][1]

    def _widen(self, value: Any) -> Any:
        return value.float() if isinstance(value, Tensor) and value.dtype == self.half else value
