"""YAML text -> a tree whose values know their lines; and plain values -> YAML text.

YAML 1.1 without its surprises: 1e-4 is a number, only true and false are booleans. A recipe holds
plain values: tags, merge keys and endless aliases are refused, a key comes once.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from gan_zoo.recipe.problems import Keys, Place, Problem, RecipeError
from gan_zoo.recipe.tree import Node

MOST_NODES = 20_000  # aliases could unfold without end

# What the YAML library says -> what the writer of a recipe wants to know.
BROKEN = {
    "mapping values are not allowed": "a key cannot stand here; begin a new line for it, or put "
    "a text that holds ': ' in quotes",
    "found character '\\t'": "a tab stands before the text; indent with spaces",
    "found character": "no value begins with this character; put the text in quotes",
    "expected <block end>": "this line does not stand in the column{opened}; align it",
    "expected ',' or '}'": "the {{{opened} has no }}, or a comma is missing",
    "expected ',' or ']'": "the [{opened} has no ], or a comma is missing",
    "could not find expected ':'": "the key{opened} has no value; write KEY: VALUE",
    "found undefined alias": "the alias has no anchor above it; write the value out",
    "found unexpected end of stream": "the quote{opened} is not closed; close it",
    "but found another document": "a recipe is one document; remove the line ---",
}


class _Loader(yaml.SafeLoader):
    """Composes nodes and remembers which of them carry a tag."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (the library's own way)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.tagged: dict[int, str] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        tag = getattr(self.peek_event(), "tag", None)  # type: ignore[no-untyped-call]
        node: yaml.Node | None = super().compose_node(parent, index)
        if tag is not None and node is not None:
            self.tagged[id(node)] = tag.replace("tag:yaml.org,2002:", "!!")
        return node


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that would be read as something else, here or by any other program."""


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
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


def write(value: Any) -> str:
    """Plain values as YAML text that reads back the same."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def write_inline(value: Any) -> str:
    """Plain values as YAML on one line, as `{epochs: 200, size: [256, 256]}`; whole numbers without
    a point.
    """
    held: str = yaml.dump(  # in a list, as a text alone would be followed by the end of a document
        [_whole(value)],
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=math.inf,
    )
    return held.strip()[1:-1]


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read(text: str, source: str, *, lines: bool = True) -> tuple[Node, list[Problem]]:
    """The tree of a text, and what is wrong with it so far.

    Args:
        text: YAML.
        source: What places name: a file, or an argument.
        lines: Whether places say the line.

    Raises:
        RecipeError: it is not YAML, or without end.
    """
    return _Reader(text, source, lines).result()


class _Reader:
    """Makes one text into a tree; mistakes that leave a tree are collected."""

    def __init__(self, text: str, source: str, lines: bool) -> None:
        self.source, self.lines = source, lines
        self.problems: list[Problem] = []
        self.count = 0
        self.loader, self.root = self._compose(text)

    def result(self) -> tuple[Node, list[Problem]]:
        """The tree and its mistakes."""
        if self.root is None:
            return Node(None, self._place(0)), []
        return self._node(self.root, (), self._place(self.root.start_mark.line), ()), self.problems

    def _compose(self, text: str) -> tuple[_Loader, yaml.Node | None]:
        try:
            loader = _Loader(text)
            return loader, loader.get_single_node()
        except yaml.reader.ReaderError as problem:
            line = text[: problem.position].count("\n")
            said = f"broken YAML: the invisible character #{problem.character:02x}; remove it"
            raise RecipeError([Problem((), said, self._place(line))]) from None
        except yaml.MarkedYAMLError as problem:
            raise RecipeError([self._broken(problem)]) from None
        except RecursionError:
            told = "brackets stand in brackets without end; close them"
            raise RecipeError([Problem((), told, Place(self.source))]) from None

    def _broken(self, problem: yaml.MarkedYAMLError) -> Problem:
        words = str(problem.problem or problem.context)
        told = next((cure for start, cure in BROKEN.items() if words.startswith(start)), words)
        line = problem.problem_mark.line if problem.problem_mark else 0
        opened = problem.context_mark.line if problem.context_mark else line
        if told is not words:
            told = told.format(opened=f" of line {opened + 1}" if self.lines else "")
        return Problem((), f"broken YAML: {told}", self._place(line))

    def _node(self, node: yaml.Node, keys: Keys, place: Place, above: tuple[int, ...]) -> Node:
        self.count += 1
        if id(node) in above or self.count > MOST_NODES:
            said = "an alias holds itself" if id(node) in above else "aliases unfold without end"
            raise RecipeError([Problem(keys, f"{said}; write the values out", place)])
        above = (*above, id(node))
        if tag := self.loader.tagged.get(id(node)):
            said = f"the YAML tag {tag} came; a recipe holds plain values, remove the tag"
            self.problems.append(Problem(keys, said, place))
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, keys, above), place)
        if isinstance(node, yaml.SequenceNode):
            items = [
                self._node(item, (*keys, i), self._place(item.start_mark.line), above)
                for i, item in enumerate(node.value)
            ]
            return Node(items, place)
        return Node(self._scalar(node, keys, place), place)

    def _mapping(
        self, node: yaml.MappingNode, keys: Keys, above: tuple[int, ...]
    ) -> dict[str, Node]:
        made: dict[str, Node] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node.start_mark.line)
            key = str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                said = "a list or a mapping came as a key; a key is a word"
                self.problems.append(Problem(keys, said, place))
            elif key == "<<":
                said = "merge keys are not part of recipes; write the values out, or use `extends`"
                self.problems.append(Problem((*keys, key), said, place))
            elif key in made:
                first = made[key].place
                where = f", first in line {first.line}" if first and first.line else ""
                said = f"the key came twice{where}; keep one of them"
                self.problems.append(Problem((*keys, key), said, place))
            else:
                made[key] = self._node(value_node, (*keys, key), place, above)
        return made

    def _scalar(self, node: yaml.Node, keys: Keys, place: Place) -> Any:
        text = str(node.value)
        kind = None if id(node) in self.loader.tagged else node.tag.rpartition(":")[2]
        if kind == "bool":
            return text == "true"
        if kind == "null":
            return None
        if kind not in ("int", "float"):
            return text
        number = float(text.replace("_", ""))
        if not math.isfinite(number):
            said = "the number is too large; a number has at most 308 digits"
            self.problems.append(Problem(keys, said, place))
            return 0
        return int(text.replace("_", "")) if kind == "int" else number

    def _place(self, line: int) -> Place:
        return Place(self.source, line + 1 if self.lines else None)
