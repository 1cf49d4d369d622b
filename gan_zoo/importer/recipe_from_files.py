"""Files without a recipe: what their shapes say, laid over a shipped recipe that goes with them.

Specs say which tensors look like theirs, with which options, and which recipes go with such
networks; what no tensor tells stays as that recipe has it. The channels of the data follow from
those that the networks take and make. No component is named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gan_zoo.checks.contracts import contracts
from gan_zoo.errors import UserError
from gan_zoo.importer.assumptions import Assumptions
from gan_zoo.importer.channels import find_counts, set_value, value_at
from gan_zoo.importer.cures import match_all
from gan_zoo.importer.files import Folder
from gan_zoo.importer.network_files import NetworkFile, network_files, with_files
from gan_zoo.importer.recognition import (
    Recognizer,
    Recognizers,
    asked_component,
    candidate_recipes,
    find_recognizers,
    rank_recognizers,
)
from gan_zoo.recipe import tree
from gan_zoo.recipe.problems import Place
from gan_zoo.recipe.recipe import Recipe, change_source, read_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.tree import Node
from gan_zoo.recipe.validation import parse


def read_recipe(
    folder: Folder, changes: Mapping[str, Any] | None = None
) -> tuple[Recipe, Source, list[str]]:
    """The recipe of files that come without one.

    Args:
        folder: The files.
        changes: What is known better, by dotted path; what follows from it is derived again.

    Returns:
        The recipe, where each of its values came from, and what was read and what is assumed, line
        by line.

    Raises:
        UserError: a file is damaged or holds anything but tensors; no component knows its tensors;
            or what it says does not go together with the changes.
    """
    known = find_recognizers(folder)
    problems: list[UserError] = []
    for recipe in candidate_recipes(folder, known):
        try:
            return _laid(folder, recipe, known, dict(changes or {}))
        except UserError as problem:
            problems.append(problem)
    raise problems[0]  # of the recipe that goes best with the files


def _laid(
    folder: Folder, name: str, known: Recognizers, changes: Mapping[str, Any]
) -> tuple[Recipe, Source, list[str]]:
    """A recipe with what the files say, then with the changes, then with what follows."""
    source = replace(_last_phase(read_source(name)), name=name)
    chosen: dict[str, Recognizer] = {}
    others: dict[str, list[str]] = {}
    for slot in network_files(parse(Recipe, source)):
        slot = slot.within(folder)
        if slot.file is not None:
            asked = asked_component(changes, slot.key)
            name_in_file = next(key for key, file in folder.files.items() if file == slot.file)
            speaker, *rest = rank_recognizers(known[name_in_file], slot, name, asked)
            chosen[slot.name] = speaker
            others[slot.key] = [] if asked else [one.name for one in rest]
            source = _with(source, slot, speaker)
    source = change_source(source, changes)
    recipe = parse(Recipe, source)
    contracts(recipe, source)
    recipe, source, counted = _counted(recipe, source, chosen)
    contracts(recipe, source)
    networks, _ = with_files(recipe, folder)
    match_all(recipe, networks)
    readings = {slot.key: chosen[slot.name].reading for slot in networks if slot.name in chosen}
    files: dict[str, str] = {}
    for slot in networks:
        if slot.file:
            files[slot.key] = ", ".join(filter(None, (files.get(slot.key), str(slot.file))))
    told = Assumptions(recipe, source, readings, files, others, counted)
    return recipe, source, told.lines()


def _last_phase(source: Source) -> Source:
    """A training that is over goes on as its last phase did."""
    phases = source.root.child("phases")
    if phases is None or not isinstance(phases.value, dict):
        return source
    last = list(phases.value)[-1]
    only = replace(phases, value={last: phases.value[last]})
    return replace(source, root=replace(source.root, value={**source.root.value, "phases": only}))


def _with(source: Source, slot: NetworkFile, speaker: Recognizer) -> Source:
    """The recipe with what a file says of a component, and of the rest."""
    place = Place(f"read off {slot.file}")
    options: dict[str, Any] = {"use": speaker.name}
    for path, value in speaker.reading.options.items():
        set_value(options, path, value)
    root = tree.patch(source.root, slot.key, Node.of(options, place))
    for path, value in speaker.reading.beside.items():
        if value_at(root.plain(), path) is not None:
            root = tree.patch(root, path, Node.of(value, place))
    return replace(source, root=root, spoken=(*source.spoken, place.source))


def _counted(
    recipe: Recipe, source: Source, chosen: Mapping[str, Recognizer]
) -> tuple[Recipe, Source, dict[str, str]]:
    """The recipe with the channels and classes of the data that the networks ask for, and why.

    Raises:
        UserError: there are none with these conditions.
    """
    wiring = recipe.method.wire(recipe.parts())
    needed = {
        net.name: speaker.reading.channels
        for net in wiring.networks
        if (speaker := chosen.get(net.name)) and speaker.reading.channels
    }
    told = [
        option
        for option in recipe.data.counting_options().values()
        if (place := source.root.place_of(("data", *option.split(".")))) and place.typed
    ]
    numbers = find_counts(recipe, needed, told)
    if numbers is None:
        raise UserError(_no_numbers(recipe, needed, told))
    place = Place("follows from the channels of the networks")
    for option, number in numbers.items():
        root = tree.patch(source.root, f"data.{option}", Node.of(number, place))
        source = replace(source, root=root)
    made = parse(Recipe, source)
    return made, source, _why(made, needed)


def _why(recipe: Recipe, needed: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Option of the data -> why it has its number, where several conditions share a sum."""
    wiring = recipe.method.wire(recipe.parts())
    if len(wiring.conditions) < 2 or not needed:
        return {}
    asked = {name for spec in recipe.conditions.values() for name in spec.needs()}
    asked -= {wiring.target}
    name, (takes, _) = next(iter(needed.items()))
    why = f"{name} takes {takes} channels: {_sum(recipe)}"
    return {option: why for of, option in recipe.data.counting_options().items() if of in asked}


def _sum(recipe: Recipe) -> str:
    made = recipe.method.wire(recipe.parts()).conditions
    return ", ".join(f"conditions.{name} {image.channels}" for name, image in made.items())


def _no_numbers(recipe: Recipe, needed: Mapping[str, tuple[int, int]], told: Sequence[str]) -> str:
    networks = {net.name: net for net in recipe.method.wire(recipe.parts()).networks}
    lines = [
        f"{name} takes {takes} channels and makes {makes}, by its file; the recipe gives it "
        f"{networks[name].given.channels} ({_sum(recipe)}) and wants "
        f"{networks[name].wanted.channels}"
        for name, (takes, makes) in needed.items()
    ]
    free = [option for option in recipe.data.counting_options().values() if option not in told]
    if free:
        lines.append(f"No {' or '.join(f'data.{option}' for option in free)} mends that")
    follow = "".join(f"leave data.{option} out, which follows, or " for option in told)
    removed = f"as --set conditions.{list(recipe.conditions)[-1]}=null"
    cure = f"{follow}change the conditions, {removed}"
    return "\n".join([*lines, cure[0].upper() + cure[1:]])
