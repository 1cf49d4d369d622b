"""Distances of feature maps, for which little is held."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def mean_distance(ours: Tensor, theirs: Tensor) -> Tensor:
    """Mean |ours - theirs| of two tensors alike, a number in float32 or wider.

    The value and the gradients are those of torch's l1_loss on the same numbers in float32; they
    are in the tensors' own type. For backward it holds a byte a number, the sign of the difference:
    torch holds that difference, and whoever compares maps in half holds both in float32.
    """
    made: Tensor = _MeanDistance.apply(ours, theirs)
    return made


class _MeanDistance(torch.autograd.Function):
    """`mean_distance`. What is no number has the sign 0: then the mean is none, too."""

    @staticmethod
    def forward(ctx: Any, ours: Tensor, theirs: Tensor) -> Tensor:
        wide = torch.promote_types(ours.dtype, torch.float32)
        if wide == ours.dtype == theirs.dtype:
            apart = ours - theirs
        else:
            apart = ours.to(wide, copy=True).sub_(theirs)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward((apart > 0).view(torch.int8).sub_((apart < 0).view(torch.int8)))
        ctx.types = ours.dtype, theirs.dtype
        return apart.abs_().mean()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (sign,) = ctx.saved_tensors
        share = gradient / sign.numel()
        return tuple(
            sign * one.to(dtype) if wanted else None
            for one, dtype, wanted in zip(
                (share, -share), ctx.types, ctx.needs_input_grad, strict=True
            )
        )
