"""A phase made ready: who plays, who learns, at which rate, and one step of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gan_zoo.assembly import Assembly
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.scene import Cast
from gan_zoo.engine.turns import Ledger, Player, Turn, optimizer_state, restore_optimizer

Memory = dict[str, dict[str, dict[str, Any]]]  # player -> parameter -> optimizer state


class Stage:
    """Takes steps in one phase of an assembly.

    Args:
        assembly: What was built; its networks are placed and stay the same objects.
        phase: The name of the phase.
        precision: In which numbers, on which device.
        memory: Optimizer state so far, of all parameters that ever learned; kept up to date.
    """

    def __init__(
        self, assembly: Assembly, phase: str, precision: Precision, memory: Memory | None = None
    ) -> None:
        self.recipe = assembly.recipe.in_phase(phase)
        self.phase = self.recipe.phases[phase]
        self.precision = precision
        self.method = assembly.method
        self.memory: Memory = {} if memory is None else memory
        self.losses = {
            name: assembly.losses[name] if spec == assembly.recipe.losses[name] else spec.build()
            for name, spec in self.recipe.losses.items()
        }
        for module in [*assembly.networks.values(), *self.losses.values()]:
            if isinstance(module, nn.Module):
                precision.place(module)
        self.cast = Cast(playing(assembly, self.phase.play), assembly.conditions, precision)
        self.players = self._players(assembly)

    def begin(self, *, resumed: bool = False) -> None:
        """Choose what learns, and give the optimizers their state: carried over, or fresh."""
        for player in self.players.values():
            fresh = self.phase.start.get(player.name) == "fresh" and not resumed
            if fresh:
                self.memory.pop(player.name, None)
            restore_optimizer(player, self.memory.get(player.name, {}))

    def set_epoch(self, epoch: int) -> None:
        """Set the learning rates: a pure function of the epoch, from 1 within the phase."""
        factor = self.phase.schedule.factor(epoch) if self.phase.schedule else 1.0
        for player in self.players.values():
            player.set_rate(factor)

    def step(self, batches: Sequence[Mapping[str, Tensor]]) -> Ledger:
        """One training step on micro-batches of named maps; returns the terms by label."""
        scenes = [self.method.scene(self.cast, self.precision.receive(dict(b))) for b in batches]
        ledger = Ledger()

        def turn(name: str) -> Turn:
            others = [player for player in self.players.values() if player.name != name]
            return Turn(self.players[name], others, self.losses, len(scenes), ledger)

        self.method.step(scenes, turn)
        return ledger

    def remember(self) -> Memory:
        """The optimizer state of all players, of this phase and of earlier ones."""
        for player in self.players.values():
            self.memory.setdefault(player.name, {}).update(optimizer_state(player))
        return self.memory

    def _players(self, assembly: Assembly) -> dict[str, Player]:
        learns = learning(assembly, self.phase.play, self.phase.train)
        moving = {id(p) for named in learns.values() for p in named.values()}
        for module in assembly.networks.values():
            module.train()
            for parameter in module.parameters():
                parameter.requires_grad_(id(parameter) in moving)
            _rest_statistics(module, moving)
        fused = self.precision.device.type == "cuda"
        players = {}
        for name in assembly.wiring.players:
            spec = self.recipe.optimizers[name]
            optimizer = spec.build(learns[name].values()) if learns[name] else None
            if optimizer is not None and fused and "fused" in optimizer.defaults:
                for group in optimizer.param_groups:
                    group["fused"] = True
            players[name] = Player(name, learns[name], optimizer, spec.lr)
        return players


def playing(assembly: Assembly, play: str) -> dict[str, nn.Module]:
    """Network -> what plays of it: all of it, but of the network of `play` only that part."""
    network, _, part = play.partition(".")
    return assembly.networks | {
        network: assembly.part(play) if part else assembly.networks[network]
    }


def learning(
    assembly: Assembly, play: str, train: Sequence[str] | None
) -> dict[str, dict[str, nn.Parameter]]:
    """Player -> full name -> parameter that plays and is listed to learn."""
    plays = {id(p) for module in playing(assembly, play).values() for p in module.parameters()}
    listed = plays
    if train is not None:
        listed = {id(p) for path in train for p in assembly.part(path).parameters()} & plays
    found: dict[str, dict[str, nn.Parameter]] = {name: {} for name in assembly.wiring.players}
    for network, module in assembly.networks.items():
        for name, parameter in module.named_parameters():
            if id(parameter) in listed:
                found[assembly.owner(network)][f"{network}.{name}"] = parameter
    return found


def _rest_statistics(module: nn.Module, moving: set[int]) -> None:
    """Batch norms that do not learn keep their running statistics too."""
    for layer in module.modules():
        if isinstance(layer, _BatchNorm) and layer.running_mean is not None:
            own = list(layer.parameters(recurse=False))
            layer.track_running_stats = not own or any(id(p) in moving for p in own)


def rng_state(device: torch.device) -> dict[str, Tensor]:
    """The state of torch's generators that a run draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_rng(state: Mapping[str, Tensor], device: torch.device) -> None:
    """Put torch's generators back."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    if device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])
