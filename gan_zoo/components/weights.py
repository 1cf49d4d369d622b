"""Saved weights, put back."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


def put_back(module: nn.Module, saved: Mapping[str, Tensor]) -> None:
    """Load saved tensors in the type that they were saved in: float64 would be rounded otherwise.

    Raises:
        RuntimeError: they do not fit.
    """
    kinds = {tensor.dtype for tensor in saved.values() if tensor.is_floating_point()}
    if len(kinds) == 1:
        module.to(dtype=kinds.pop())
    module.load_state_dict(saved)
