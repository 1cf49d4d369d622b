"""A tiny world around a component: recipes of stand-ins, and steps of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.instance_ids import renumber_sample
from gan_zoo.components.learning import LossSpec, MethodSpec, Parts, Wiring
from gan_zoo.components.scene import Scene
from gan_zoo.components.spec import Size
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.loader import collate
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.options import examples
from gan_zoo.testing.stand_ins import (
    CriticSpec,
    DescentSpec,
    LabelledSpec,
    PainterSpec,
    PicturesSpec,
    SourceSpec,
)

if TYPE_CHECKING:
    from collections.abc import Set

    from gan_zoo.registry.zoo import Zoo

# ---------------------------------------------------------------------------------- recipes


def stand_ins_for(method: MethodSpec, data: DataSpec) -> dict[str, Any]:
    """Stand-ins for all that a method wires. The discriminator sees the condition, unless the
    method refuses that.
    """
    made: dict[str, Any] = {
        "data": data,
        "conditions": {"picture": SourceSpec()},
        "method": method,
        "generator": PainterSpec(),
        "discriminator": CriticSpec(),
    }
    try:
        method.wire(Parts(**made))
    except (ContractError, KeyError):
        made["conditions"] = {"picture": SourceSpec(seen_by="generator")}
    return made


def wire_stand_ins(method: MethodSpec, data: DataSpec) -> Wiring:
    """What a method makes of stand-ins.

    Raises:
        ContractError: it cannot work with them.
    """
    return method.wire(Parts(**stand_ins_for(method, data)))


def recipe_around(
    method: MethodSpec, losses: Mapping[str, LossSpec], data: DataSpec, **changes: Any
) -> Recipe:
    """A recipe of stand-ins around a method and losses."""
    players = wire_stand_ins(method, data).players
    optimizers = {player: DescentSpec() for player in players}
    made = {**stand_ins_for(method, data), "losses": dict(losses), "optimizers": optimizers}
    return Recipe(**{**made, **changes})


def wire_conditions(zoo: Zoo, data: DataSpec, conditions: Mapping[str, ConditionSpec]) -> Wiring:
    """What the first method that can makes of these conditions.

    Raises:
        ContractError: there is none.
    """
    return _wired_with(zoo, data, conditions)[1]


def recipe_for_conditions(
    zoo: Zoo, data: DataSpec, conditions: Mapping[str, ConditionSpec]
) -> Recipe:
    """A recipe of stand-ins around these conditions, with losses that teach every player.

    Raises:
        ContractError: no installed method can use them.
    """
    made, wiring = _wired_with(zoo, data, conditions)
    optimizers: Any = {player: DescentSpec() for player in wiring.players}
    return Recipe(**made, losses=losses_for(wiring.offers, zoo), optimizers=optimizers)


def _wired_with(
    zoo: Zoo, data: DataSpec, conditions: Mapping[str, ConditionSpec]
) -> tuple[dict[str, Any], Wiring]:
    for method in examples("method", zoo):
        made = {**stand_ins_for(method, data), "conditions": dict(conditions)}
        try:
            return made, method.wire(Parts(**made))
        except (ContractError, KeyError):
            continue
    raise ContractError("no installed method can use this condition's data")


def recipe_for_loss(loss: LossSpec, zoo: Zoo) -> Recipe | None:
    """A recipe whose method offers what a loss needs; None where no installed one does."""
    for method in examples("method", zoo):
        for data in example_data(zoo):
            try:
                offers = wire_stand_ins(method, data).offers
            except (ContractError, KeyError):
                continue
            if all(names <= offers.get(player, set()) for player, names in loss.needs().items()):
                return recipe_around(method, {"tested": loss}, data)
    return None


def losses_for(offers: Mapping[str, Set[str]], zoo: Zoo) -> dict[str, LossSpec]:
    """Installed losses that need no more than is offered, until every player is taught."""
    found: dict[str, LossSpec] = {}
    taught: set[str] = set()
    for loss in examples("loss", zoo):
        fits = all(names <= offers.get(player, set()) for player, names in loss.needs().items())
        if fits and not loss.missing() and not set(loss.needs()) <= taught:
            found[f"{loss.name}_{len(found)}"] = loss
            taught |= set(loss.needs())
    return found


def example_data(zoo: Zoo) -> Iterator[DataSpec]:
    """The stand-ins, then every installed data whose example can be opened here."""
    yield PicturesSpec()
    yield LabelledSpec()
    yield from (spec for spec in examples("data", zoo) if not spec.missing())


def batch_of(data: DataSpec, samples: int, size: Size | None = None) -> dict[str, Tensor]:
    """The first samples as a batch of maps, as the loader makes it."""
    dataset, maps = data.open("train", size), data.maps(size)
    read = [dataset.read(index, None) for index in range(samples)]
    return collate([renumber_sample(sample, maps) for sample in read]).maps


# ---------------------------------------------------------------------------------- playing


class Witness(Scene):
    """A scene that remembers what it was asked for, and how that looked then."""

    def __init__(self, scene: Scene) -> None:
        super().__init__({}, above=scene)
        self.looked: dict[str, list[Tensor]] = {}

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        self.looked.setdefault(name, [t.detach().clone() for t in tensors(value)])
        return value

    def spoiled(self) -> list[str]:
        """Names of what was changed in place since."""
        return [
            name
            for name, before in self.looked.items()
            if not all(map(torch.equal, before, tensors(super(Witness, self).__getitem__(name))))
        ]


def tensors(value: Any) -> list[Tensor]:
    """The tensors in a tensor, in views, in nothing of the kind."""
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


Ear = Callable[[str, Scene], None]  # (player, its scene)


class Listener:
    """Stands where a turn would: only the player learns meanwhile, but nobody moves.

    Args:
        assembly: Whose networks play.
        player: Whose turn it is.
        ear: Is told every scene that the player learns from.
    """

    def __init__(self, assembly: Assembly, player: str, ear: Ear) -> None:
        self.assembly = assembly
        self.player = player
        self.ear = ear

    def __enter__(self) -> Self:
        return self

    def learn(self, scene: Scene, *, keep: bool = False) -> None:
        """Hand the scene on."""
        self._others_learn(False)
        try:
            self.ear(self.player, scene)
        finally:
            self._others_learn(True)

    def __exit__(self, *error: object) -> None:
        """Nobody moved."""

    def _others_learn(self, learn: bool) -> None:
        for name, network in self.assembly.networks.items():
            if self.assembly.owner(name) != self.player:
                network.requires_grad_(learn)


class Theatre:
    """Plays one step of a recipe without anybody moving.

    Args:
        recipe: What is played.
        samples: The batch.
        memory_format: The layout of pictures.
        precision: In which numbers, as a recipe names it.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        samples: int = 2,
        memory_format: Any = "contiguous",
        precision: str = "float64",
    ) -> None:
        self.assembly = assemble(recipe)
        numbers = Precision(torch.device("cpu"), precision, memory_format)
        self.runner = PhaseRunner(self.assembly, next(iter(recipe.phases)), numbers)
        self.maps = numbers.receive(batch_of(recipe.data, samples))

    def play(self, ear: Ear) -> None:
        """One step of the method."""
        scene = self.runner.method.scene(self.runner.cast, self.maps)
        scene.autocast = self.runner.precision.autocast
        turn: Any = lambda player: Listener(self.assembly, player, ear)  # noqa: E731
        self.runner.method.step([scene], turn)

    def networks(self, player: str) -> dict[str, nn.Module]:
        """The networks that a player moves."""
        owner = self.assembly.owner
        return {name: net for name, net in self.assembly.networks.items() if owner(name) == player}


def batches_of(recipe: Recipe, steps: int) -> list[Mapping[str, Tensor]]:
    """Batches of two, each of other samples as far as there are any."""
    dataset = recipe.data.open("train")
    samples = [dataset.read(n % len(dataset), None) for n in range(2 * steps)]
    return [collate(samples[2 * n : 2 * n + 2]).maps for n in range(steps)]


def take_steps(recipe: Recipe, batches: Sequence[Sequence[Mapping[str, Tensor]]]) -> Assembly:
    """Take real steps of a recipe, each on its micro-batches, and return what has become of it."""
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, next(iter(recipe.phases)), PLAIN)
    runner.begin()
    for micro_batches in batches:
        runner.step(micro_batches)
    return assembly


PLAIN = Precision(torch.device("cpu"), "float64", "contiguous")
