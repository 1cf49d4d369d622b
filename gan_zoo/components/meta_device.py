"""The meta device: modules and tensors that have shapes and no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_meta() -> Iterator[None]:
    """What is built inside has shapes and no numbers, and costs no memory."""
    import einops.layers.torch  # noqa: F401  # it looks at torch, which older ones cannot in there
    import torch

    with torch.device("meta"):
        yield
