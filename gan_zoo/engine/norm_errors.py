"""A batch norm that has nothing to normalize."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gan_zoo.errors import UserError


@contextmanager
def single_values(cure: str) -> Iterator[None]:
    """Batch norm cannot normalize one value: of one picture, halved down to one pixel. No contract
    tells so, since larger batches and learned statistics go well.

    Args:
        cure: What would help here, beside what always does.

    Raises:
        UserError: there is such a layer.
    """
    try:
        yield
    except ValueError as problem:
        if "more than 1 value per channel" not in str(problem):
            raise
        raise UserError(
            "one picture at a time leaves a batch norm one pixel, whose statistics are nothing; "
            f"use {cure}, larger pictures, fewer halvings, or norm: instance or group"
        ) from None
