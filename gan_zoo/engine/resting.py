"""What does not learn in a phase: its weights and its statistics stay, and how it computes."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def rests(module: nn.Module, frozen: Iterable[nn.Parameter]) -> set[nn.Module]:
    """The layers that rest since `build()` froze all that they could learn, with the layers in
    them: their statistics rest too.
    """
    ids = {id(parameter) for parameter in frozen}
    found: set[nn.Module] = set()
    for part in module.modules() if ids else ():
        own = [id(parameter) in ids for parameter in part.parameters()]
        if own and all(own):
            found.update(part.modules())
    return found


def set_to_train(module: nn.Module, learning: set[nn.Module], frozen_norm: str) -> set[str]:
    """Set a network to training: what learns of it, and what does not. A layer that refuses to
    train, by a `train()` of its own, is left as it wants to be.

    Args:
        module: The network.
        learning: The layers that learn, of this and other networks.
        frozen_norm: The statistics of batch norm that does not: running if it has any, or batch.

    Returns:
        Which statistics its batch norms take that do not learn.
    """
    module.train()
    norms = set()
    for layer in module.modules():
        if layer.training:
            learns = layer in learning
            if isinstance(layer, _BatchNorm):
                norms |= _set_norm(layer, learns, frozen_norm)
            else:  # what has buffers rests as in evaluation, spectral norm with its power iteration
                layer.training = learns or not any(True for _ in layer.buffers(recurse=False))
    return norms


def _set_norm(norm: _BatchNorm, learns: bool, frozen_norm: str) -> set[str]:
    """Batch norm that does not learn leaves its learned statistics alone, whichever it takes.

    Returns:
        Which it takes, where it does not learn.
    """
    norm.training = learns or frozen_norm == "batch" or not _has_learned(norm)
    norm.track_running_stats = norm.running_mean is not None and (learns or not norm.training)
    return set() if learns else {"batch" if norm.training else "running"}


def _has_learned(norm: _BatchNorm) -> bool:
    """Whether a batch norm has statistics; before its first step they are zeros and ones."""
    if norm.running_mean is None or norm.running_var is None:
        return False
    if norm.running_mean.is_meta:
        return True
    return bool((norm.running_mean != 0).any()) or bool((norm.running_var != 1).any())
