"""Files of weights of the right layout with random numbers: no judge, but the same for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.meta_device import on_meta


def random_state(network: nn.Module) -> dict[str, Tensor]:
    """Seeded numbers for a network on the meta device, under which signals neither die nor grow."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, tensor in network.state_dict().items():
        shape, last = tuple(tensor.shape), key.rpartition(".")[2]
        if last == "num_batches_tracked":
            state[key] = torch.zeros((), dtype=torch.long)
        elif tensor.ndim == 1 and last in ("weight", "running_var", "gamma"):  # of norms, scales
            state[key] = torch.rand(shape, generator=generator) + 0.5
        elif tensor.ndim < 2:
            state[key] = torch.randn(shape, generator=generator) * 0.1
        else:
            state[key] = torch.randn(shape, generator=generator)
            state[key] *= (2 / tensor[0].numel()) ** 0.5
    return state


def file_of(path: Path, make: Any) -> Path:
    """A .pth with random weights of the network that `make` builds."""
    with on_meta():
        network = make()
    torch.save(random_state(network), path)
    return path
