"""Recipe -> networks, conditions, losses and method: the only builder."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

import torch
from torch import nn

from gan_zoo.components.interfaces import LossFunction, Method
from gan_zoo.components.learning import Wiring
from gan_zoo.errors import ContractError, UserError, add_note_on_error
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe

T = TypeVar("T")


@dataclass
class Assembly:
    """Everything that a recipe builds, before anything plays.

    Args:
        wired: The recipe.
        networks: Those with state: generator, discriminator, conditions.NAME.
        conditions, losses, method: By name, and who plays them.
        frozen: Full names of parameters that `build()` froze; no phase moves them.
    """

    wired: WiredRecipe
    networks: dict[str, nn.Module]
    conditions: dict[str, nn.Module]
    losses: dict[str, LossFunction]
    method: Method
    frozen: frozenset[str] = frozenset()

    @property
    def recipe(self) -> Recipe:
        """What it was built of."""
        return self.wired.recipe

    @property
    def wiring(self) -> Wiring:
        """The shapes that it was built for."""
        return self.wired.wiring

    def owner(self, network: str) -> str:
        """The player that moves a network; conditions belong to the first one, the generator's."""
        named = {n.name: n.player for n in self.wiring.networks}
        return named.get(network, self.wiring.players[0])

    def with_networks(self, networks: Mapping[str, nn.Module]) -> Assembly:
        """The same game with other networks in the places of these."""
        conditions = {
            name: networks.get(f"conditions.{name}", module)
            for name, module in self.conditions.items()
        }
        return replace(self, networks={**self.networks, **networks}, conditions=conditions)

    def parts(self, path: str) -> list[nn.Module]:
        """The module at a part's path, as `generator.encoder`; of every network of the section,
        where one describes several and the path names none.
        """
        return [
            self.networks[network].get_submodule(spec_parts.get(rest, rest))
            for network, spec_parts, rest in split_path(path, self.recipe, self.wiring)
        ]


def assemble(
    recipe: Recipe | WiredRecipe,
    *,
    weights: bool = True,
    losses: Literal["fetched", "built", "none"] = "fetched",
) -> Assembly:
    """Build everything on the default device.

    Args:
        recipe: What to build.
        weights: Give fresh networks their first weights; False where they are loaded anyway.
        losses: `fetched` with the fixed weights that they compute with, which no checkpoint holds;
            only `built` for a rehearsal, which computes nothing; `none` where nobody learns.

    Raises:
        UserError: only building could tell that it cannot be built, or a file of weights is absent
            or not what the recipe says.
    """
    wired = WiredRecipe.of(recipe)
    recipe, wiring = wired.recipe, wired.wiring
    fill = recipe.init.build() if weights and recipe.init is not None else None
    networks: dict[str, nn.Module] = {}
    for network in wiring.networks:
        with seeded_by_name(recipe.seed, network.name):
            build = partial(network.spec.build, network.given, network.wanted)
            module = _built(network.name, build)
            if fill is not None:
                _fill(module, fill)
            if weights:
                network.spec.fetch(module)
        networks[network.name] = module
    conditions: dict[str, nn.Module] = {}
    for name, spec in recipe.conditions.items():
        with seeded_by_name(recipe.seed, f"conditions.{name}"):
            module = conditions[name] = spec.build(wiring.maps)
            if module.state_dict():  # what it holds is saved and placed, buffers too
                if fill is not None:
                    _fill(module, fill)
                networks[f"conditions.{name}"] = module
    functions: dict[str, LossFunction] = {}
    for name, loss in recipe.losses.items() if losses != "none" else ():
        with seeded_by_name(recipe.seed, f"losses.{name}"):
            functions[name] = _built(f"losses.{name}", loss.build)
            if losses == "fetched":
                loss.fetch(functions[name])
    method = recipe.method.build(recipe.parts())
    frozen = frozenset(
        name
        for network, module in networks.items()
        for name, parameter in module.named_parameters(prefix=network)
        if not parameter.requires_grad
    )
    return Assembly(wired, networks, conditions, functions, method, frozen)


def _fill(module: nn.Module, fill: Callable[[nn.Module], None]) -> None:
    """First weights for all but what `build()` froze: it has its own."""
    kept = [(p, p.detach().clone()) for p in module.parameters() if not p.requires_grad]
    fill(module)
    with torch.no_grad():
        for parameter, weight in kept:
            parameter.copy_(weight)


def _built(name: str, build: Callable[[], T]) -> T:
    """What a spec builds.

    Raises:
        UserError: only building could tell that it cannot be built.
    """
    try:
        with add_note_on_error(f"building {name}"):
            return build()
    except ContractError as problem:
        at = ".".join(filter(None, (name, problem.option)))
        raise UserError(f"{at}: {problem}") from None


def split_path(
    path: str, recipe: Recipe, wiring: Wiring
) -> list[tuple[str, Mapping[str, str], str]]:
    """A part's path -> each network that it names, or whose section it names: (the network, the
    parts that its spec names, the rest of the path).
    """
    known: dict[str, list[tuple[str, Mapping[str, str]]]]
    known = {f"conditions.{name}": [(f"conditions.{name}", {})] for name in recipe.conditions}
    for network in wiring.networks:
        for said in {network.section, network.name}:
            known.setdefault(said, []).append((network.name, network.spec.parts()))
    for said in sorted(known, key=len, reverse=True):
        if f"{path}.".startswith(f"{said}."):
            return [(name, parts, path[len(said) + 1 :]) for name, parts in known[said]]
    raise KeyError(path)


@contextmanager
def seeded_by_name(seed: int, name: str) -> Iterator[None]:
    """First weights of what is built in here follow from the seed and its name alone, not from
    what else is built; torch's generators are left as they were.
    """
    with torch.random.fork_rng(devices=()):  # networks are drawn on the CPU, then moved
        torch.default_generator.manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        yield
