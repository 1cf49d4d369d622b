"""What to say where files do not fit a recipe: all misfits, and the values that would fit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gan_zoo.errors import ContractError, UserError
from gan_zoo.importer.channels import find_counts, set_value, value_at, with_counts
from gan_zoo.importer.matching import Match, match_file
from gan_zoo.importer.network_files import NetworkFile, components_of, network_files
from gan_zoo.recipe.recipe import Recipe


def match_all(recipe: Recipe, networks: Sequence[NetworkFile]) -> dict[str, Match]:
    """Every file held against its network.

    Raises:
        UserError: one does not fit.
    """
    with_files = [slot for slot in networks if slot.file]
    fits = {slot.name: match_file(slot) for slot in with_files}
    if any(one.misfits for one in fits.values()):
        raise UserError(_refusal(recipe, with_files, fits))
    return fits


def _refusal(recipe: Recipe, filled: Sequence[NetworkFile], fits: Mapping[str, Match]) -> str:
    """What is wrong with every file, and the recipe values that would fit."""
    lines: list[str] = []
    changes: dict[str, Any] = {}
    advised = []
    for slot in filled:
        assert slot.file is not None
        better, named = slot, dict[str, Any]()
        if misfits := fits[slot.name].misfits:
            lines += [f"{slot.file.path} does not fit {slot}:", *(f"  {said}" for said in misfits)]
            better, named = _advise(slot, len(misfits))
        changes |= named
        advised.append(better)
    fitting = not any(match_file(slot).misfits for slot in advised)
    if not fitting and (numbers := _numbers(recipe, advised)):
        changes, fitting = {**numbers, **changes}, True
    if changes:
        tree = recipe.dump()
        told = [f"{key} {value} (recipe: {value_at(tree, key)})" for key, value in changes.items()]
        sets = [f"--set {shlex.quote(f'{k}={as_typed(v)}')}" for k, v in changes.items()]
        cure = "Use" if fitting else "That is not all of it, but it comes nearer:"
        lines += [f"The shapes speak of {', '.join(told)}", f"{cure} {' '.join(sets)}"]
    if not fitting:
        maps = ", ".join(f"{name} {image.channels}" for name, image in recipe.data.maps().items())
        lines.append(f"Channels follow from the data and the conditions; the data gives {maps}")
    return "\n".join(lines)


def _advise(slot: NetworkFile, least: int) -> tuple[NetworkFile, dict[str, Any]]:
    """The options, or the other component, that the file's shapes speak of: what fits best."""
    assert slot.file is not None
    best, changes = slot, dict[str, Any]()
    own = type(slot.spec)
    for name, kind in sorted(components_of(own.kind), key=lambda named: named[1] is not own):
        reading = kind.recognize(slot.file.shapes)
        if reading is None:
            continue
        start = slot.spec if kind is own else kind.model_construct()  # the defaults
        tree = start.model_dump(mode="json")
        options = {  # of another component inside another nothing stands in the recipe yet
            key: value
            for key, value in reading.options.items()
            if value_at(tree, key) != value or (kind is not own and "." in key)
        }
        try:
            for key, value in options.items():
                set_value(tree, key, value)
            tree.pop("use", None)
            changed = replace(slot, spec=kind.model_validate(tree))
            misfits = len(match_file(changed).misfits) if changed.layouts else least
        except ValueError:  # options that do not go together
            continue
        if misfits < least:
            best, least = changed, misfits
            options = options if kind is own else {"use": name, **options}
            changes = {f"{slot.key}.{key}": value for key, value in options.items()}
    return best, changes


def _numbers(recipe: Recipe, filled: Sequence[NetworkFile]) -> dict[str, int]:
    """Channels and classes of the data with which every file fits."""
    needed = {}
    for slot in filled:
        reading = type(slot.spec).recognize(slot.file.shapes) if slot.file else None
        if reading and reading.channels:
            needed[slot.name] = reading.channels
    numbers = find_counts(recipe, needed)
    other = with_counts(recipe, numbers) if numbers else None
    if other is None:
        return {}
    try:
        joins = {slot.name: slot.joins for slot in network_files(other)}
    except (ContractError, UserError):
        return {}
    if any(match_file(replace(slot, joins=joins[slot.name])).misfits for slot in filled):
        return {}
    return {f"data.{option}": number for option, number in (numbers or {}).items()}


def as_typed(value: Any) -> str:
    """A value as it is typed after --set."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_typed(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_typed, value))}]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)
