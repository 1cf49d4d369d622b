"""What holds for every method, found out with stand-ins for all networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from gan_zoo.components.learning import MethodSpec
from gan_zoo.components.scene import Scene
from gan_zoo.engine.assembly import Assembly
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.turns import Turn
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.fixtures import (
    Theatre,
    batch_of,
    batches_of,
    example_data,
    losses_for,
    recipe_around,
    take_steps,
    wire_stand_ins,
)
from gan_zoo.testing.hearing import hear
from gan_zoo.testing.stand_ins import ScaledSpec
from gan_zoo.testing.subject import Advice, Subject, check, format_problem, trying

CLOSE = 1e-9
T = TypeVar("T")


def recipe_for(subject: Subject) -> Recipe:
    """A recipe of stand-ins around the method, with losses that teach every player."""
    method: MethodSpec = subject.ready()
    refused = "no data was tried"
    for data in example_data(subject.zoo):
        try:
            wiring = wire_stand_ins(method, data)
        except (ContractError, KeyError) as problem:
            refused = format_problem(problem)
            continue
        losses = losses_for(wiring.offers, subject.zoo)
        taught = {player for loss in losses.values() for player in loss.needs()}
        if untaught := sorted(set(wiring.players) - taught):
            raise Advice(
                "looked for installed losses that can teach every player",
                came=f"none needs only what the {untaught[0]} is offered",
                expected="a loss for every player",
                cure="offer the names that losses ask for (fake, real, fake_views, ...), or ship a "
                "loss with the method",
            )
        return recipe_around(method, losses, data)
    raise Advice(
        "wired stand-ins: a source and a target, one condition, one network of each kind",
        came=refused,
        expected="a Wiring",
        cure="ship data with the method whose maps it can use; its example() must be openable",
    )


@check("method")
def wires_the_shapes_that_networks_get(subject: Subject) -> None:
    """What comes into each network in a step is what wire() said."""
    recipe = recipe_for(subject)
    theatre = Theatre(recipe)
    came: dict[str, list[tuple[int, ...]]] = {}
    for name, network in theatre.assembly.networks.items():

        def note(module: nn.Module, inputs: tuple[Any, ...], name: str = name) -> None:
            came[name] = [tuple(x.shape[1:]) for x in inputs if isinstance(x, Tensor)]

        network.register_forward_pre_hook(note)
    theatre.play(lambda player, scene: _hear(theatre, player, scene))
    wiring = theatre.assembly.wiring
    for wire in wiring.networks:
        images = (wire.given, wire.wanted)
        expected = [(image.channels, image.height, image.width) for image in images]
        got = came.get(wire.name)
        if got is None or got != expected[: len(got)]:
            raise Advice(
                "played one step and watched what comes into the networks",
                came=f"{wire.name} got {got or 'nothing'}",
                expected=f"{expected[: len(got or [0])]}, as wire() says of it",
                cure="make wire() and the scene agree; the network is built from what wire() says",
            )


@check("method")
def offers_what_it_says(subject: Subject) -> None:
    """Every name that wire() offers a player can be asked for in that player's turn."""
    theatre = Theatre(recipe_for(subject))
    offers = theatre.assembly.wiring.offers
    heard: dict[str, int] = {}

    def ear(player: str, scene: Scene) -> None:
        heard[player] = heard.get(player, 0) + 1
        for name in sorted(offers.get(player, ())):
            with trying(
                f"asked for {name} in the {player}'s turn",
                expected="a tensor or views: wire() offers it",
                cure=f"make {name} in the scene, or take it out of offers['{player}']",
            ):
                scene[name]

    theatre.play(ear)
    if silent := [player for player in theatre.assembly.wiring.players if not heard.get(player)]:
        raise Advice(
            "played one step",
            came=f"the {silent[0]} learned nothing",
            expected="a turn for every player in wire().offers, with learn() for every scene",
            cure=f"call turn('{silent[0]}') in step()",
        )


class _Watched(Turn):
    """A turn that notes which networks moved in it."""

    networks: dict[str, nn.Module]
    moved: dict[str, set[str]]

    def __exit__(self, *error: Any) -> None:
        before = {name: _weights(network) for name, network in self.networks.items()}
        super().__exit__(*error)
        self.moved[self.player.name] = {
            name
            for name, network in self.networks.items()
            if not all(map(torch.equal, before[name], _weights(network)))
        }


@check("method")
def a_turn_moves_its_player_alone(subject: Subject) -> None:
    """In each player's turn exactly that player's networks move."""
    theatre = Theatre(recipe_for(subject))
    players, runner = theatre.runner.players, theatre.runner
    moved: dict[str, set[str]] = {}

    def turn(name: str) -> Turn:
        made = _Watched(players[name], runner.losses, Ledger())
        made.networks, made.moved = theatre.assembly.networks, moved
        return made

    runner.method.step([runner.method.scene(runner.cast, theatre.maps)], turn)
    for player in players:
        expected = set(theatre.networks(player))
        if moved.get(player) != expected:
            raise Advice(
                f"took one step and compared all weights around the {player}'s turn",
                came=f"moved: {', '.join(sorted(moved.get(player, ()))) or 'nothing'}",
                expected=f"moved: {', '.join(sorted(expected))}",
                cure="learn inside `with turn(player)`, on a scene in which the player's own "
                "networks have a graph",
            )


@check("method")
def no_gradient_leaves_a_turn(subject: Subject) -> None:
    """What a player learns from has no graph into the networks of others that it could move.

    Conditions that learn are the first player's; a method may refuse them.
    """
    recipe = recipe_for(subject)
    learned = {name: ScaledSpec(seen_by=c.seen_by) for name, c in recipe.conditions.items()}
    learning = recipe.model_copy(update={"conditions": learned})
    with suppress(ContractError):
        learning.method.wire(learning.parts())
        recipe = learning
    for name, loss in recipe.losses.items():
        for player, heard in hear(loss, recipe).items():
            if strangers := heard.strangers(player):
                raise Advice(
                    f"took the gradient of the {player}'s terms of {loss.name} ({name})"
                    + (", with a condition that learns" if recipe is learning else ""),
                    came=f"it reaches {', '.join(strangers)} too",
                    expected=f"a gradient in the {player}'s networks only",
                    cure=f"detach what others made in the scene of the {player}'s turn",
                )


@check("method")
def micro_batches_equal_one_batch(subject: Subject) -> None:
    """Two scenes of one sample move the weights as one scene of two does."""
    recipe = recipe_for(subject)
    batch = batch_of(recipe.data, 2)
    halves = [{name: maps[n : n + 1] for name, maps in batch.items()} for n in range(2)]
    compare(
        take_steps(recipe, [[batch]]),
        take_steps(recipe, [halves]),
        "took one step on a batch of 2, and one on the same two as micro-batches",
        "inside one turn, learn from every scene before anybody moves",
    )


@check("method")
def order_of_names_does_not_count(subject: Subject) -> None:
    """Losses, optimizers and maps are told apart by their names, not by their places."""
    recipe = recipe_for(subject)
    turned = recipe.model_copy(
        update={part: _turned(getattr(recipe, part)) for part in ("losses", "optimizers")}
    )
    batch = batch_of(recipe.data, 2)
    ours, theirs = take_steps(recipe, [[batch]]), take_steps(turned, [[_turned(batch)]])
    compare(
        ours,
        theirs,
        "took one step, and one with losses, optimizers and maps in the opposite order",
        "ask for maps and players by name, not for the first one",
    )


@check("method")
def maps_stay_as_they_are(subject: Subject) -> None:
    """All who play read the same maps."""
    theatre = Theatre(recipe_for(subject))
    before = {name: tensor.clone() for name, tensor in theatre.maps.items()}
    theatre.play(lambda player, scene: _hear(theatre, player, scene))
    spoiled = [n for n, t in before.items() if not torch.equal(t, theatre.maps.get(n, t[:0]))]
    if spoiled or set(theatre.maps) != set(before):
        raise Advice(
            "played one step and looked at its maps again",
            came=f"changed: {', '.join(spoiled) or 'their names'}",
            expected="the maps as they came: conditions, losses and metrics read them too",
            cure="make new tensors under new names in the scene",
        )


@check("method")
def translates_without_a_target(subject: Subject) -> None:
    """The output can be made of the maps that the conditions need alone."""
    recipe = recipe_for(subject)
    theatre = Theatre(recipe)
    needed = {name for spec in recipe.conditions.values() for name in spec.needs()}
    method, maps = theatre.assembly.method, {name: theatre.maps[name] for name in needed}
    with trying(
        f"made a scene of {', '.join(sorted(needed))} alone and asked for its {method.output}",
        expected="the picture: translation knows no target",
        cure="make what needs the target lazily, where it is asked for",
    ):
        method.scene(theatre.runner.cast, maps)[method.output]


@check("method")
def rehearses_on_the_meta_device(subject: Subject) -> None:
    """A step works without numbers, as `gan-zoo check` takes one."""
    from gan_zoo.checks.rehearsal import rehearse

    recipe = recipe_for(subject)
    with trying(
        "rehearsed a step of a tiny recipe on the meta device",
        expected="shapes all the way: check rehearses every recipe so",
        cure="no .item(), no branch on values, no tensor of another device",
    ):
        rehearse(recipe)


def _hear(theatre: Theatre, player: str, scene: Scene) -> None:
    for loss in theatre.runner.losses.values():
        for _ in loss(scene, player):
            pass


def _weights(network: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def _turned(mapping: Mapping[str, T]) -> dict[str, T]:
    return {name: mapping[name] for name in reversed(list(mapping))}


def compare(ours: Assembly, theirs: Assembly, done: str, cure: str, exact: bool = False) -> None:
    """Whether two assemblies have the same weights after what was done."""
    for name, network in ours.networks.items():
        for mine, other in zip(_weights(network), _weights(theirs.networks[name]), strict=True):
            far = (mine - other).abs().max().item() if mine.numel() else 0.0
            if far > (0.0 if exact else CLOSE):
                raise Advice(
                    done,
                    came=f"weights of {name} that differ by {far:.2g}",
                    expected="equal weights" if exact else f"equal weights to {CLOSE:g}",
                    cure=cure,
                )


def moved_in(recipe: Recipe, steps: int) -> Iterator[tuple[str, Tensor]]:
    """Every weight after some steps on changing batches."""
    assembly = take_steps(recipe, [[batch] for batch in batches_of(recipe, steps)])
    for name, network in assembly.networks.items():
        for key, tensor in network.state_dict().items():
            yield f"{name}.{key}", tensor
