"""Keeping a run's state and going back to it: networks, optimizers, torch's generators."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.weights import put_back
from gan_zoo.engine.assembly import Assembly
from gan_zoo.engine.phase import Memory
from gan_zoo.engine.precision import Generators, generator_states
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.beside import Beside
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.guards import refuse_broken


class Keeper:
    """Writes what resume and translation need, and reads it back. The training goes on while a
    checkpoint is written; at most one is.

    Args:
        dir: The run's folder.
        assembly: Whose networks are kept.
        reporter: Told of what is damaged.
        callbacks: Name -> callback. What `state()` gives is kept and handed to `restore`; one that
            `keeps` networks by its spec gets a folder in weights/.
    """

    def __init__(
        self, dir: RunFolder, assembly: Assembly, reporter: Reporter, callbacks: Mapping[str, Any]
    ) -> None:
        self.callbacks = callbacks
        self.dir = dir
        self.assembly = assembly
        self.reporter = reporter
        self._beside: Beside[Path] = Beside()

    def moment(self, device: torch.device) -> dict[str, Any]:
        """What looking at pictures might change: what callbacks remember, torch's generators, and
        the log. A checkpoint that is written in the middle of a look holds what was before it.
        """
        states = {
            name: _frozen(callback.state())
            for name, callback in self.callbacks.items()
            if hasattr(callback, "state")
        }
        generators, log_bytes = generator_states(device), self.dir.settle_log()
        return {"generators": generators, "callbacks": states, "log_bytes": log_bytes}

    def save(self, position: Position, memory: Memory, moment: Mapping[str, Any]) -> None:
        """Take a snapshot and begin to write it: a checkpoint, then weights/latest. The one before
        it was taken from `written`.

        Args:
            position: How far the run is.
            memory: What players remember.
            moment: As `moment` gave it.

        Raises:
            NonFinite: a weight is not a number; nothing was written.
        """
        weights = self._weights()
        refuse_broken(weights)
        position.log_bytes = moment["log_bytes"]
        state: dict[str, Any] = {
            "networks": weights,
            "optimizers": memory.optimizers,
            "scalers": memory.scalers,
            "reached": memory.reached,
            "generators": moment["generators"],
            "callbacks": moment["callbacks"],
        }
        method: Any = self.assembly.method
        if hasattr(method, "state"):
            state["method"] = method.state()
        kept = {name: _weights(networks) for name, networks in self.kept().items()}
        taken = snapshot({"state": state, "weights": {"latest": weights, **kept}})
        self._beside.start(partial(self._write, replace(position), taken))

    def written(self, *, wait: bool) -> Path | None:
        """The checkpoint that has become whole on disk since this was asked last, if one has.

        Args:
            wait: For the one that is being written.

        Raises:
            OSError: the disk is full or gone; every earlier checkpoint is intact.
        """
        return self._beside.take(wait=wait)

    def _write(self, position: Position, taken: Mapping[str, Any]) -> Path:
        path = checkpoint.save(self.dir.state, position, taken["state"])
        for name, networks in taken["weights"].items():
            self.dir.save_weights(name, networks, _about(position))
        return path

    def rewrite_kept(self, position: Position) -> None:
        """Write the networks that callbacks keep as a checkpoint held them: the run may have been
        cut in between.
        """
        for name, networks in self.kept().items():
            self.dir.save_weights(name, _weights(networks), _about(position))

    def kept(self) -> dict[str, Mapping[str, nn.Module]]:
        """Name under weights/ -> the networks that a callback keeps there."""
        specs = self.assembly.recipe.callbacks
        return {
            specs[name].keeps: callback.networks
            for name, callback in self.callbacks.items()
            if specs[name].keeps
        }

    def keep_best(
        self, position: Position, scored: Mapping[str, nn.Module], metric: str, value: float
    ) -> None:
        """Write weights/best, with the score that made them so.

        Args:
            position: How far the run is.
            scored: The networks that were scored, where they are not those that learn.
            metric: What was measured.
            value: The score.
        """
        weights = {**self._weights(), **_weights(scored)}
        self.dir.save_weights("best", weights, {**_about(position), metric: value})

    def restore(self) -> tuple[Position, Memory, Generators] | None:
        """Put the weights of the last whole checkpoint back, and return the rest of it; None where
        the run was cut before the first.

        Raises:
            UserError: there are checkpoints and none is whole, or they do not fit the recipe.
        """
        for path in checkpoint.drop_unfinished(self.dir.state):
            self.reporter.say(f"{path.name} was being written when the run was cut; it is dropped")
        found = checkpoint.saved(self.dir.state)
        for path in found:
            try:
                position, state = checkpoint.load(path)
            except ValueError as problem:
                self.reporter.say(f"{path} is damaged ({problem}); taking the one before it")
                continue
            self._take(state["networks"])
            method: Any = self.assembly.method
            if hasattr(method, "restore"):
                method.restore(state.get("method", {}))
            for name, callback in self.callbacks.items():
                if hasattr(callback, "restore"):
                    callback.restore(state.get("callbacks", {}).get(name, {}))
            self.dir.cut_log(position.log_bytes)
            # the run may have been cut between its checkpoint and its weights
            self.dir.save_weights("latest", self._weights(), _about(position))
            memory = Memory(*(state.get(part, {}) for part in ("optimizers", "scalers", "reached")))
            return position, memory, state["generators"]
        if found:
            raise UserError(
                f"no checkpoint in {self.dir.state} is whole, so the run cannot go on; "
                f"weights/latest may still be, and gan-zoo run starts a new one"
            )
        self.reporter.say("The run was cut before its first checkpoint: it starts from its seed")
        self.dir.cut_log(0)
        return None

    def _weights(self) -> dict[str, dict[str, Tensor]]:
        return _weights(self.assembly.networks)

    def _take(self, networks: Mapping[str, Mapping[str, Tensor]]) -> None:
        try:
            for name, module in self.assembly.networks.items():
                put_back(module, networks[name])
        except (KeyError, RuntimeError) as problem:
            raise UserError(
                f"the checkpoint does not fit the networks of its recipe: {problem}. Were the "
                f"plugins changed? {self.dir.path / 'plugins.json'} says which it was made with"
            ) from None


def snapshot(tree: Any, copies: dict[Any, Tensor] | None = None) -> Any:
    """Nested mappings as they are now, their tensors copied to the CPU.

    Args:
        tree: What is kept.
        copies: Of tensors so far: one that lies in several places is copied once.
    """
    copies = {} if copies is None else copies
    if isinstance(tree, Mapping):
        return {key: snapshot(inner, copies) for key, inner in tree.items()}
    if not isinstance(tree, Tensor):
        return tree
    tensor = tree.detach()
    here = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
    if here not in copies or not tensor.numel():
        copies[here] = tensor.to("cpu", copy=True)
    return copies[here]


def _frozen(tree: Any) -> Any:
    """Nested mappings whose plain values stay what they are; tensors are not copied."""
    if isinstance(tree, Mapping):
        return {key: _frozen(inner) for key, inner in tree.items()}
    return tree if isinstance(tree, Tensor) else copy.deepcopy(tree)


def _weights(networks: Mapping[str, nn.Module]) -> dict[str, dict[str, Tensor]]:
    return {name: dict(module.state_dict()) for name, module in networks.items()}


def _about(position: Position) -> dict[str, Any]:
    return {"phase": position.phase, "step": position.step}
