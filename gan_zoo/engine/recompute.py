"""Forwards made anew: the same numbers to the bit, for memory that need not be held meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint

from gan_zoo.engine.precision import generator_states, restore_generators


class ForwardState:
    """All but weights and inputs that a forward depends on or changes: torch's generators, buffers
    as batch norm's statistics and spectral norm's vectors, and which parameters learn.

    Args:
        modules: Whose forward will be made anew.
        device: Where they compute.
    """

    def __init__(self, modules: Iterable[nn.Module], device: torch.device) -> None:
        layers = {layer for module in modules for layer in module.modules()}
        self.device = device
        self.drawn = generator_states(device)
        self.buffers: list[tuple[nn.Module, str, Tensor]] = [
            (layer, name, buffer.clone())
            for layer in layers
            for name, buffer in layer.named_buffers(recurse=False)
        ]
        parameters = {p: None for layer in layers for p in layer.parameters(recurse=False)}
        self.learned = [(parameter, parameter.requires_grad) for parameter in parameters]

    @contextmanager
    def restored(self) -> Iterator[None]:
        """As it was then; afterwards as it is now, so that statistics move once."""
        drawn = generator_states(self.device)
        buffers = [(layer, name, layer.get_buffer(name)) for layer, name, _ in self.buffers]
        learned = [(parameter, parameter.requires_grad) for parameter, _ in self.learned]
        restore_generators(self.drawn, self.device)
        # Other tensors take the buffers' places: a change in place would break waiting graphs.
        _put((layer, name, buffer.clone()) for layer, name, buffer in self.buffers)
        _learn(self.learned)
        try:
            yield
        finally:
            _learn(learned)
            _put(buffers)
            restore_generators(drawn, self.device)


def recompute(module: nn.Module, *, on: bool) -> None:
    """Let a network keep only what goes from segment to segment, and make the rest anew in the
    backward pass (Chen et al. 2016); or let it keep everything again.
    """
    for segment in segments(module):
        if on:
            segment.__dict__["forward"] = _Recomputed(segment)
        elif isinstance(segment.__dict__.get("forward"), _Recomputed):
            del segment.__dict__["forward"]


def segments(module: nn.Module) -> Iterator[nn.Module]:
    """The parts that are made anew as one each: the blocks of a network, however it lists them."""
    for child in _inner(module):
        if any(_lists_blocks(layer) for layer in _layers(child)):
            yield from segments(child)
        elif _inner(child) and not isinstance(child, nn.ModuleList):
            yield child


def _lists_blocks(layer: nn.Module) -> bool:
    """Whether it is a list, and one of more than single layers."""
    listed = isinstance(layer, nn.ModuleList | nn.ModuleDict | nn.Sequential)
    return listed and any(_inner(inner) for inner in _inner(layer))


def _layers(module: nn.Module) -> Iterator[nn.Module]:
    yield module
    for child in _inner(module):
        yield from _layers(child)


def _inner(layer: nn.Module) -> list[nn.Module]:
    """The layers in it. What makes its weights, as spectral norm does, is none of them."""
    return [child for name, child in layer.named_children() if name != "parametrizations"]


class _Recomputed:
    """Stands in for the forward of a segment."""

    def __init__(self, segment: nn.Module) -> None:
        self.segment = segment

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        forward = type(self.segment).forward
        if not torch.is_grad_enabled():
            return forward(self.segment, *inputs, **named)
        own = (*self.segment.parameters(), *tree_leaves((inputs, named)))
        device = next((x.device for x in own if isinstance(x, Tensor)), torch.device("cpu"))
        state, first = ForwardState([self.segment], device), True

        def run(*inputs: Any, **named: Any) -> Any:
            nonlocal first
            if first:
                first = False
                return forward(self.segment, *inputs, **named)
            with state.restored():
                return forward(self.segment, *inputs, **named)

        return checkpoint(run, *inputs, use_reentrant=False, preserve_rng_state=False, **named)


def _put(buffers: Iterable[tuple[nn.Module, str, Tensor]]) -> None:
    for layer, name, buffer in buffers:
        layer._buffers[name] = buffer


def _learn(flags: Iterable[tuple[nn.Parameter, bool]]) -> None:
    for parameter, learns in flags:
        parameter.requires_grad_(learns)
