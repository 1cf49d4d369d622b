"""A recipe as it was written: files that extend each other, and changes on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gan_zoo.components.paths import expand_user
from gan_zoo.errors import near_misses, quoted
from gan_zoo.recipe import text, tree
from gan_zoo.recipe.field_types import names_at
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.problems import Keys, Place, Problem, RecipeError
from gan_zoo.recipe.tree import Node
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo

ABLATION = "is an ablation, which trains several recipes"
Changes = Mapping[str, Any] | Iterable[tuple[str, Any]]  # dotted path -> value, or a Node


@dataclass(frozen=True)
class Source:
    """A recipe as it was written: its values, their places, and the mistakes found so far.

    Args:
        name: The recipe's short name.
        root: Its values.
        spoken: Who spoke, as places name them: its file, what that extends, then arguments.
        problems: Mistakes of the text; the check of the values adds its own to them.
        notes: What phases said and changes made void.
    """

    name: str
    root: Node
    spoken: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def tree(self) -> Any:
        """The plain values."""
        return self.root.plain()

    @cached_property
    def places(self) -> dict[Keys, Place]:
        """Every path that was written, with its place."""
        return dict(self.root.places())

    def place(self, keys: Keys) -> Place | None:
        """Where a key was written, or the nearest key above it."""
        return self.root.place_of(keys)

    def error(self, problems: Iterable[Problem]) -> RecipeError:
        """All mistakes as one error, in the order of who spoke and of lines."""
        rank = {name: index for index, name in enumerate(self.spoken)}

        def order(problem: Problem) -> tuple[int, int]:
            if problem.place is None:
                return len(rank) + 1, 0
            return rank.get(problem.place.source, len(rank)), problem.place.line or 0

        return RecipeError(sorted(problems, key=order))


def read_files(recipe: str | Path, zoo: Zoo | None = None) -> Source:
    """Read a recipe by path or name, with what it extends.

    Raises:
        RecipeError: no such file, broken YAML, a circle of `extends`.
    """
    return _load(find_recipe(recipe, zoo), zoo, chain=())


def patch_source(source: Source, set: Changes, zoo: Zoo | None = None) -> Source:
    """A recipe with changes by dotted path. A value that is a node keeps its places, any other was
    said on the command line, or in Python as there.
    """
    root, problems, spoken = source.root, [*source.problems], [*source.spoken]
    for key, value in set.items() if isinstance(set, Mapping) else set:
        laid = node_of_change(key, value)
        place = laid.place
        assert place is not None
        if place.source not in spoken:
            spoken.append(place.source)
        if problem := _leads_nowhere(root, key, place, zoo):
            problems.append(problem)
        else:
            root = tree.patch(root, key, laid)
    return Source(source.name, root, tuple(spoken), tuple(problems), source.notes)


def node_of_change(key: str, value: Any) -> Node:
    """What a change lays at its path: a node as it is, any other value as said by --set."""
    if isinstance(value, Node) and value.place is not None:
        return value
    return Node.of(value, Place(f"--set {key}={_brief(value)}"))


def find_recipe(recipe: str | Path, zoo: Zoo | None = None, beside: Path | None = None) -> Path:
    """The file of a recipe: a path (within `beside`, if given), or a shipped recipe's name.

    Raises:
        RecipeError: there is no such file and no such name.
    """
    zoo = zoo or Zoo.installed()
    shipped = zoo.recipes()
    if str(recipe) in zoo.ablations() and str(recipe) not in shipped:
        path = expand_user(recipe) if beside is None else beside / expand_user(recipe)
        if not path.is_file():
            raise RecipeError([Problem((), f"{recipe} {ABLATION}: gan-zoo ablate {recipe}")])
    return find_file(recipe, shipped, zoo, beside)


def find_file(
    name: str | Path,
    shipped: Mapping[str, list[tuple[Path, Plugin]]],
    zoo: Zoo,
    beside: Path | None = None,
    noun: str = "recipe",
) -> Path:
    """A file by its path (within `beside`, if given), or by its name among those that ship.

    Raises:
        RecipeError: there is no such file and no such name.
    """
    path = expand_user(name)
    if beside is not None:
        path = beside / path
    if path.is_file():
        return path
    claims = shipped.get(str(name), [])
    if len(claims) == 1:
        return claims[0][0]
    if claims:
        both = " and ".join(str(plugin) for _, plugin in claims)
        told = f"the {noun} '{name}' is claimed by {both}; name its file"
    elif path.is_dir():
        told = f"{name} is a folder; name a YAML file (a run goes on with gan-zoo resume)"
    else:
        told = f"there is no file {path} and no shipped {noun} of that name"
        if not path.suffix and not path.parent.exists() and (absent := zoo.absence(str(name))):
            raise RecipeError([Problem((), f"{told}; {absent}")])
        beside_it = {file.name: str(file) for file in sorted(path.parent.glob("*.yaml"))}
        near = near_misses(path.stem, shipped)
        near += [beside_it[name] for name in near_misses(path.name, beside_it)]
        if near or shipped:
            told += (
                f"; did you mean {' or '.join(near)}?"
                if near
                else f"; shipped: {', '.join(shipped)}"
            )
    raise RecipeError([Problem((), told)])


def parse_set(assignments: Iterable[str]) -> dict[str, Any]:
    """`["generator.width=32"]` -> `{"generator.width": 32}`; values are YAML.

    Raises:
        RecipeError: no key or no value, a value that is not YAML, a key that came twice.
    """
    changes: dict[str, Any] = {}
    problems = []
    for assignment in assignments:
        key, _, written = (part.strip() for part in assignment.partition("="))
        place = Place(f"--set {assignment}")
        if not key or not written:
            told = "KEY=VALUE is expected, as generator.width=32; VALUE null removes KEY"
            problems.append(Problem((), told, place))
        elif key in changes:
            problems.append(Problem((key,), "the key came twice; keep one of them", place))
        else:
            try:
                node, found = text.read(written, place.source, lines=False)
            except RecipeError as error:
                problems += error.problems
            else:
                problems += found
                changes[key] = node.plain()
    if problems:
        raise RecipeError(problems)
    return changes


def _load(path: Path, zoo: Zoo | None, chain: tuple[Path, ...]) -> Source:
    """Read a file and what it extends, from the far end of the chain to the near one."""
    here = path.resolve()
    if here in chain:
        circle = " -> ".join(p.name for p in (*chain[chain.index(here) :], here))
        told = f"the recipes extend each other in a circle: {circle}; remove one of the `extends`"
        raise RecipeError([Problem(("extends",), told)])
    own = read_file(path)
    if "ablation" in own.root.value or own.root.value.keys() & {"vary", "grid"}:
        raise RecipeError([Problem((), f"this {ABLATION}: gan-zoo ablate {path}", own.root.place)])
    base = own.root.child("extends")
    if base is None:
        return own
    values = {key: node for key, node in own.root.value.items() if key != "extends"}
    root = Node(values, own.root.place)
    if not isinstance(base.value, str):
        told = f"{quoted(base.plain())} came, but the name or path of one recipe is expected"
        raise RecipeError([Problem(("extends",), told, base.place)])
    try:
        below = _load(find_recipe(base.value, zoo, beside=path.parent), zoo, (*chain, here))
    except RecipeError as error:  # what has no place yet is about the word in this file
        raise RecipeError(
            p if p.place else Problem(("extends",), p.message, base.place) for p in error.problems
        ) from None
    return Source(
        path.stem,
        tree.merge(below.root, root),
        own.spoken + below.spoken,
        own.problems + below.problems,
    )


def read_file(path: Path, noun: str = "a recipe", example: str = "seed: 0") -> Source:
    """One file as it is written, without what it extends.

    Raises:
        RecipeError: it cannot be read, or holds no keys with values.
    """
    try:
        written = path.read_text(encoding="utf-8")
    except OSError as problem:
        told = f"the file cannot be read: {problem.strerror}"
        raise RecipeError([Problem((), told, Place(str(path)))]) from None
    except UnicodeDecodeError:
        told = "the file is not UTF-8 text; save it as UTF-8"
        raise RecipeError([Problem((), told, Place(str(path)))]) from None
    root, problems = text.read(written, str(path))
    if not isinstance(root.value, dict):
        came = "nothing" if root.value is None else quoted(root.plain())
        told = f"{came} came, but {noun} is expected: keys with their values, as {example}"
        raise RecipeError([Problem((), told, root.place)])
    return Source(path.stem, root, (str(path),), tuple(problems))


def _leads_nowhere(root: Node, key: str, place: Place, zoo: Zoo | None) -> Problem | None:
    """Why a change reaches into something by a name that is not there; None where it does not.

    Unknown options are left to the check of the values, which knows them. A whole new component
    may come: `losses.tv={use: l2}`, or first of all `losses.tv.use=l2`.
    """
    path: list[str] = tree.steps(key)
    for depth, step in enumerate(path[:-1]):
        names = names_at(RecipeFields, root.plain(), tuple(path[:depth]), zoo or Zoo.installed())
        if names is None or step in names or path[depth + 1 :] == ["use"]:
            continue
        above, here = ".".join(path[:depth]), ".".join(path[: depth + 1])
        near = near_misses(step, names)
        hint = f"did you mean {above}.{near[0]}? A" if near else "a"
        if names and not near:
            hint = f"there are {', '.join(f'{above}.{name}' for name in names)}; a"
        whole = f"{here}={{...}}" if place.typed else f"{here}: {{...}}"
        told = f"there is no {here} to change; {hint} new one comes whole: {whole}"
        return Problem(tuple(path[: depth + 1]), told, place)
    return None


def _brief(value: Any) -> str:
    """A value as on the command line, cut to a line."""
    if isinstance(value, Mapping):
        written = f"{{{', '.join(f'{key}: {_brief(item)}' for key, item in value.items())}}}"
    elif isinstance(value, list | tuple):
        written = f"[{', '.join(map(_brief, value))}]"
    else:
        written = value if isinstance(value, str) else quoted(value)
    return written if len(written) <= 60 else f"{written[:57]}..."
