"""Who learns in a phase: parameters are given to players, and what rests is set to rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import nn

from gan_zoo.engine.assembly import Assembly
from gan_zoo.engine.player import Player
from gan_zoo.engine.playing import layers_that_learn
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.resting import rests, set_to_train
from gan_zoo.errors import UserError
from gan_zoo.recipe.wired import WiredPhase


@dataclass(frozen=True)
class Enlisted:
    """Who learns.

    Args:
        players: By name.
        resting_norms: Network -> the statistics that its norms take where they do not learn.
    """

    players: dict[str, Player]
    resting_norms: dict[str, set[str]]


def enlist(
    assembly: Assembly,
    wired: WiredPhase,
    plays: Mapping[str, nn.Module],
    precision: Precision,
) -> Enlisted:
    """Set all that was built to what a phase says of it.

    Args:
        assembly: What was built.
        wired: The phase.
        plays: The networks that play in it.
        precision: In which numbers optimizers step.

    Raises:
        UserError: what is to learn was frozen when it was built.
    """
    train = wired.phase.train
    taught = layers_that_learn(assembly, plays, train)
    moving = {id(p) for layer in taught for p in layer.parameters(recurse=False)}
    learns: dict[str, dict[str, nn.Parameter]] = {p: {} for p in assembly.wiring.players}
    resting: dict[str, set[str]] = {}
    for network, module in assembly.networks.items():
        named = dict(module.named_parameters(prefix=network))
        frozen = [p for name, p in named.items() if name in assembly.frozen]
        moving -= {id(parameter) for parameter in frozen}
        learning = taught - rests(module, frozen)
        if norms := set_to_train(module, learning, _frozen_norm(assembly, wired, network)):
            resting[network] = norms
        for name, parameter in named.items():
            parameter.grad = None  # of an earlier phase
            parameter.requires_grad_(id(parameter) in moving)
            if id(parameter) in moving:
                learns[assembly.owner(network)][name] = parameter
    _refuse_frozen(assembly, wired.name, train or (), moving)
    players = {name: _player(name, own, wired, precision) for name, own in learns.items()}
    return Enlisted(players, resting)


def _refuse_frozen(assembly: Assembly, phase: str, train: Iterable[str], moving: set[int]) -> None:
    for path in train:
        own = [p for module in assembly.parts(path) for p in module.parameters()]
        if own and not moving & {id(parameter) for parameter in own}:
            told = f"'{path}' was frozen when it was built, so it cannot learn; leave it out"
            raise UserError(f"phases.{phase}.train: {told}")


def _frozen_norm(assembly: Assembly, wired: WiredPhase, network: str) -> str:
    """The statistics of batch norm that does not learn."""
    said = wired.recipe.engine.frozen_norm
    if said != "auto":
        return said
    makes_pictures = assembly.owner(network) == assembly.wiring.players[0]
    as_inference = wired.recipe.inference.norm == "running"
    return "running" if makes_pictures and as_inference else "batch"


def _player(
    name: str, learns: dict[str, nn.Parameter], wired: WiredPhase, precision: Precision
) -> Player:
    spec = wired.recipe.optimizers[name]
    optimizer = spec.build(learns.values()) if learns else None
    player = Player(name, learns, optimizer, precision.scaler() if optimizer else None)
    if optimizer is not None:  # the player knows the rates in all their digits
        precision.place_optimizer(optimizer)
    return player
