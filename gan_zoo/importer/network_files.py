"""The networks of a recipe that files can fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from gan_zoo.components.foreign import Published
from gan_zoo.components.meta_device import on_meta
from gan_zoo.errors import UserError
from gan_zoo.importer.files import LATEST, File, Folder
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo


@dataclass(frozen=True)
class NetworkFile:
    """A network of a recipe, and the file that fills it."""

    name: str  # of the network in the run
    key: str  # where its spec stands in the recipe
    spec: Any
    joins: tuple[Any, ...]  # what `build` and `published` of the spec take
    needed: bool  # no picture can be made without it
    suffix: str = ""  # of the files of a method with several networks of a kind
    file: File | None = None

    def __str__(self) -> str:
        return f"{self.name} ({Zoo.installed().name_of(type(self.spec))})"

    @property
    def layouts(self) -> list[Published]:
        """The layouts that its options can read."""
        return list(self.spec.published(*self.joins))

    @property
    def names(self) -> list[str]:
        """What its files are called between `_net_` and `.pth`, each once."""
        return list(dict.fromkeys(f"{layout.file}{self.suffix}" for layout in self.layouts))

    def within(self, folder: Folder) -> NetworkFile:
        """The slot with its file of a folder, if there is one."""
        found = (folder.files[name] for name in self.names if name in folder.files)
        return replace(self, file=next(found, None))


def network_files(recipe: Recipe) -> Iterator[NetworkFile]:
    """The networks of a recipe, conditions with parameters too.

    Raises:
        UserError: nobody published a checkpoint of one of them.
        ContractError: the recipe does not hold together.
    """
    wiring = recipe.method.wire(recipe.parts())
    keys = {id(spec): key for key, spec in recipe.components().items()}
    for net in wiring.networks:
        key, needed = keys.get(id(net.spec), net.section), net.player == wiring.players[0]
        joins = (net.given, net.wanted)
        yield _published(NetworkFile(net.name, key, net.spec, joins, needed, net.suffix))
    for name, spec in recipe.conditions.items():
        key = f"conditions.{name}"
        with on_meta():
            if any(True for _ in spec.build(wiring.maps).parameters()):
                yield _published(NetworkFile(key, key, spec, (wiring.maps,), True))


def with_files(recipe: Recipe, folder: Folder) -> tuple[list[NetworkFile], list[str]]:
    """The slots of a recipe with their files, and what is to be said of the choice.

    Raises:
        UserError: a file is absent without which no picture can be made.
    """
    found = [slot.within(folder) for slot in network_files(recipe)]
    for slot in found:
        if slot.file is None and slot.needed:
            raise UserError(
                f"{folder.path} has no {folder.epoch}_net_{slot.names[0]}.pth for {slot}; "
                f"it has {', '.join(map(str, folder.files.values()))}"
            )
    taken = [slot.file for slot in found]
    left = [str(file) for file in folder.files.values() if file not in taken]
    left = sorted([*folder.others, *left])
    return found, [f"Left alone: {', '.join(left)}"] if left else []


def file_names(found: Iterable[NetworkFile]) -> str:
    """How the files of a recipe's networks are called."""
    return ", ".join(f"{LATEST}_net_{slot.names[0]}.pth" for slot in found)


def components_of(kind: str) -> list[tuple[str, Any]]:
    """Name and spec of every component of a kind."""
    claims = Zoo.installed().claims(kind)
    return [(name, claimed[0].spec) for name, claimed in claims.items() if len(claimed) == 1]


def _published(slot: NetworkFile) -> NetworkFile:
    if slot.layouts:
        return slot
    known = [
        name
        for name, spec in components_of(slot.spec.kind)
        if replace(slot, spec=spec.example()).layouts
    ]
    have = f"those that have one: {', '.join(known)}" if known else "nor has any other"
    raise UserError(f"{slot} has no published checkpoint layout with these options; {have}")
