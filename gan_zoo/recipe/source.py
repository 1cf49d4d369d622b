"""YAML -> one tree of plain values, and where each of them came from.

One patch mechanism serves `extends`, `--set` and a phase's `set`: mappings merge, a new `use`
replaces the component, null removes, lists replace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gan_zoo.recipe.report import Place, Problem, RecipeError
from gan_zoo.zoo import Zoo, near_misses

Keys = tuple[str | int, ...]
MOST_NODES = 20_000  # aliases could unfold without end


@dataclass
class Source:
    """A recipe as it was written: plain values by key, and the place of each."""

    name: str
    tree: dict[str, Any]
    places: dict[Keys, Place] = field(default_factory=dict)

    def place(self, keys: Keys) -> Place | None:
        """Where a key was written, or the nearest key above it."""
        for length in range(len(keys), -1, -1):
            if found := self.places.get(keys[:length]):
                return found
        return None


def read(
    recipe: str | Path, *, set: Mapping[str, Any] | None = None, zoo: Zoo | None = None
) -> Source:
    """Read a recipe by path or name, with what it extends and with changes by dotted path.

    Raises:
        RecipeError: broken YAML, duplicate keys, tags, an absent file, a cycle in `extends`.
    """
    source = _load(find(recipe, zoo), zoo, chain=())
    for key, value in (set or {}).items():
        place = Place(f"--set {key}={_brief(value)}")
        try:
            patch(source.tree, key, value, places=source.places, place=place)
        except KeyError as problem:
            raise RecipeError([Problem((), str(problem.args[0]), place)]) from None
    return source


def find(recipe: str | Path, zoo: Zoo | None = None, beside: Path | None = None) -> Path:
    """The file of a recipe: a path (relative to `beside`), or a shipped recipe's name.

    Raises:
        RecipeError: there is no such file and no such name.
    """
    path = Path(recipe).expanduser()
    if beside is not None and (near := beside / path).is_file():
        return near
    if path.is_file():
        return path
    shipped = (zoo or Zoo.installed()).recipes()
    claims = shipped.get(str(recipe), [])
    if len(claims) == 1:
        return claims[0][0]
    if claims:
        both = " and ".join(str(plugin) for _, plugin in claims)
        said = f"recipe '{recipe}' is claimed by {both}; name the file itself"
    elif path.is_dir():
        said = f"{recipe} is a folder; a recipe is a YAML file (to go on with a run: resume)"
    else:
        near = near_misses(path.stem, shipped)
        hint = f"did you mean {' or '.join(near)}?" if near else f"shipped: {', '.join(shipped)}"
        said = f"there is no file {recipe} and no recipe of that name; {hint}"
    raise RecipeError([Problem((), said)])


def parse_set(assignments: list[str]) -> dict[str, Any]:
    """`["generator.width=32"]` -> `{"generator.width": 32}`; values are YAML.

    Raises:
        RecipeError: no `=`, or a value that is not YAML.
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        place = Place(f"--set {assignment}")
        if not equals or not key:
            raise RecipeError([Problem((), "expected KEY=VALUE, as generator.width=32", place)])
        changes[key.strip()] = _Reader(place.source, text, line=False).value(())
    return changes


def patch(
    tree: dict[str, Any],
    key: str,
    value: Any,
    *,
    places: dict[Keys, Place] | None = None,
    place: Place | None = None,
) -> None:
    """Change one value by its dotted path, in place.

    Raises:
        KeyError: the path leads through something that is no mapping, or removes what is absent.
    """
    *above, last = key.split(".")
    here: Any = tree
    for depth, step in enumerate(above):
        here = here.setdefault(step, {})
        if not isinstance(here, dict):
            so_far = ".".join(above[: depth + 1])
            raise KeyError(f"{so_far} is {_brief(here)}, not a mapping, so it has no {key}")
    if value is None and last not in here:
        near = near_misses(last, here)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(map(str, here))}"
        raise KeyError(f"{key} does not exist, so null cannot remove it; {hint}")
    new = {} if place is None else {keys: place for keys in _paths(value)}
    merge(here, {last: value}, tuple(above), {} if places is None else places, _under(new, key))


def merge(
    base: dict[str, Any],
    change: Mapping[str, Any],
    keys: Keys,
    places: dict[Keys, Place],
    new_places: Mapping[Keys, Place],
) -> None:
    """Merge `change` into `base` at `keys`, in place, and move the places along."""
    if "use" in change and "use" in base and change["use"] != base["use"]:
        base.clear()
        _forget(places, keys)
    for key, value in change.items():
        path = (*keys, key)
        if value is None:
            base.pop(key, None)
            _forget(places, path)
            continue
        if isinstance(value, Mapping):
            if not isinstance(base.get(key), dict):
                _forget(places, path)
                base[key] = {}
            merge(base[key], value, path, places, new_places)
        else:
            _forget(places, path)
            base[key] = value
            places |= {p: at for p, at in new_places.items() if p[: len(path)] == path}
        if path in new_places:
            places[path] = new_places[path]


def _load(path: Path, zoo: Zoo | None, chain: tuple[Path, ...]) -> Source:
    """Read a file and what it extends, from the far end of the chain to the near one."""
    here = path.resolve()
    if here in chain:
        circle = " -> ".join(p.name for p in (*chain[chain.index(here) :], here))
        raise RecipeError([Problem(("extends",), f"the recipes extend each other: {circle}")])
    own = _read_file(path)
    base = own.tree.pop("extends", None)
    place = own.place(("extends",))
    if base is None:
        source = Source(path.stem, {}, {(): Place(str(path), 1)})
        merge(source.tree, own.tree, (), source.places, own.places)
        return source
    if not isinstance(base, str):
        said = f"{_brief(base)} came; the name or path of one recipe was expected"
        raise RecipeError([Problem(("extends",), said, place)])
    try:
        source = _load(find(base, zoo, beside=path.parent), zoo, (*chain, here))
    except RecipeError as problem:
        if all(p.place is None for p in problem.problems):  # the wrong word stands in this file
            raise RecipeError(
                [Problem(("extends",), p.message, place) for p in problem.problems]
            ) from None
        raise
    merge(source.tree, own.tree, (), source.places, own.places)
    source.name = path.stem
    return source


def _read_file(path: Path) -> Source:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RecipeError([Problem((), f"cannot be read: {problem}", Place(str(path)))]) from None
    reader = _Reader(str(path), text)
    tree = reader.value(())
    if tree is None or not isinstance(tree, dict):
        said = "the file is empty" if tree is None else f"{_brief(tree)} came"
        raise RecipeError(
            [Problem((), f"{said}; a mapping of recipe keys was expected", Place(str(path), 1))]
        )
    return Source(path.stem, tree, reader.places)


class _Resolver(yaml.SafeLoader):
    """YAML 1.1 without its surprises: 1e-4 is a number, only true and false are booleans."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (the library's own way)


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9][0-9_]*$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
):
    _Resolver.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))  # type: ignore[no-untyped-call]


class _Reader:
    """Composes one YAML text into plain values, keeping the line of every key."""

    def __init__(self, source: str, text: str, *, line: bool = True) -> None:
        self.source, self.with_line = source, line
        self.places: dict[Keys, Place] = {}
        self.problems: list[Problem] = []
        self.count = 0
        try:
            self._refuse_tags(text)
            self.root = yaml.compose(text, _Resolver)
        except yaml.YAMLError as problem:
            raise RecipeError([self._broken(problem)]) from None

    def value(self, keys: Keys) -> Any:
        """The whole text as plain values."""
        found = None if self.root is None else self._make(self.root, keys, above=())
        if self.problems:
            raise RecipeError(self.problems)
        return found

    def _make(self, node: yaml.Node, keys: Keys, above: tuple[int, ...]) -> Any:
        place = self._at(node.start_mark)
        self.places.setdefault(keys, place)
        self.count += 1
        if self.count > MOST_NODES or id(node) in above:
            said = "aliases unfold without end; write the values out"
            raise RecipeError([Problem(keys, said, place)])
        above = (*above, id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self._make(item, (*keys, i), above) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._make_mapping(node, keys, above)
        return self._make_scalar(node, keys, place)

    def _make_mapping(
        self, node: yaml.MappingNode, keys: Keys, above: tuple[int, ...]
    ) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, place = str(key_node.value), self._at(key_node.start_mark)
            path = (*keys, key)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(keys, "a key must be a plain word", place))
            elif key in made:
                first = self.places[path]
                said = f"the key came twice, first {first.where()}; keep one of them"
                self.problems.append(Problem(path, said, place))
            else:
                self.places[path] = place
                made[key] = self._make(value_node, path, above)
        return made

    def _make_scalar(self, node: yaml.Node, keys: Keys, place: Place) -> Any:
        text = str(node.value)
        match node.tag.rpartition(":")[2]:
            case "bool":
                return text == "true"
            case "null":
                return None
            case "int":
                return int(text.replace("_", ""))
            case "float":
                return float(text.replace("_", ""))
            case _:
                return text

    def _refuse_tags(self, text: str) -> None:
        for token in yaml.scan(text):
            if isinstance(token, yaml.TagToken):
                said = f"YAML tags are not allowed in recipes: {''.join(map(str, token.value))}"
                self.problems.append(Problem((), said, self._at(token.start_mark)))
        if self.problems:
            raise RecipeError(self.problems)

    def _broken(self, problem: yaml.YAMLError) -> Problem:
        mark = getattr(problem, "problem_mark", None)
        said = str(getattr(problem, "problem", None) or problem)
        context = getattr(problem, "context", None)
        place = Place(self.source) if mark is None else self._at(mark)
        return Problem((), f"broken YAML: {said}{f', {context}' if context else ''}", place)

    def _at(self, mark: yaml.Mark) -> Place:
        return Place(self.source, mark.line + 1 if self.with_line else None)


def _paths(value: Any) -> Iterator[Keys]:
    yield ()
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from ((key, *path) for path in _paths(inner))


def _under(places: Mapping[Keys, Place], key: str) -> dict[Keys, Place]:
    above = tuple(key.split("."))
    return {(*above, *path): place for path, place in places.items()}


def _forget(places: dict[Keys, Place], keys: Keys) -> None:
    for path in [p for p in places if p[: len(keys)] == keys and p]:
        del places[path]


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True)
    text = text.removesuffix("\n").removesuffix("...").strip()
    return text if len(text) <= 60 else f"{text[:57]}..."
