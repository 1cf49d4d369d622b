"""Of what was built: what plays in a phase, and which of its layers learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from gan_zoo.engine.assembly import Assembly
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.wired import WiredPhase


def playing(
    assembly: Assembly, phase: WiredPhase
) -> tuple[dict[str, nn.Module], dict[str, nn.Module]]:
    """Networks and conditions -> what plays of them in a phase, by their specs as the phase sets
    them; of the networks of its `play` only that part.
    """
    recipe = phase.recipe
    conditions = {
        name: recipe.conditions[name].playing_part(module)
        for name, module in assembly.conditions.items()
    }
    networks: dict[str, nn.Module] = {}
    section, _, part = phase.phase.play.partition(".")
    for network in phase.wiring.networks:
        spec, module = network.spec, assembly.networks[network.name]
        if part and network.section == section:
            (module,) = assembly.parts(f"{network.name}.{part}")
            spec = recipe.generator.plays().get(part, spec)
        networks[network.name] = spec.playing_part(module)
    for name, condition in conditions.items():
        if f"conditions.{name}" in assembly.networks and recipe.conditions[name].learns():
            networks[f"conditions.{name}"] = condition  # a frozen one moves in no turn
    return networks, conditions


def cast_of(assembly: Assembly, phase: WiredPhase, precision: Precision) -> Cast:
    """Who plays in a phase, and in which numbers."""
    specs = phase.recipe.conditions.items()
    exact = frozenset(name for name, spec in specs if spec.exact_in_half)
    return Cast(*playing(assembly, phase), precision, exact)


def layers_that_learn(
    assembly: Assembly, plays: Mapping[str, nn.Module], train: Sequence[str] | None
) -> set[nn.Module]:
    """The layers that learn: those that play and lie in a listed part; all that play if None."""
    layers = {layer for network in plays.values() for layer in network.modules()}
    if train is None:
        return layers
    listed = [module for path in train for module in assembly.parts(path)]
    return layers & {layer for module in listed for layer in module.modules()}
