"""Writes docs/reference from the specs, the recipe, the hooks and the commands: `make reference`.

Every text comes from docstrings and help lines, so a page says what the source says. Guests are
left out: the pages are the same wherever they are written.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer.main

from gan_zoo import cli, facts, hooks
from gan_zoo.cli import app
from gan_zoo.engine import callbacks
from gan_zoo.plugins import installed
from gan_zoo.recipe import model
from gan_zoo.recipe.schema import schema
from gan_zoo.specs import KINDS, Spec
from gan_zoo.zoo import Zoo

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
TITLES = {
    "data": "Data",
    "generator": "Generators",
    "discriminator": "Discriminators",
    "condition": "Conditions",
    "method": "Methods",
    "loss": "Losses",
    "optimizer": "Optimizers",
    "init": "Inits",
    "metric": "Metrics",
    "callback": "Callbacks",
}
OTHERS = {"recipe.md": "Recipe", "commands.md": "Commands", "hooks.md": "Hooks"}
NOTE = "<!-- Written by `make reference` from the source; change the docstrings there. -->"


def pages() -> dict[str, str]:
    """File name -> text of every page, from the built-in components alone."""
    zoo = Zoo(plugin for plugin in installed() if plugin.builtin)
    found = {_file(kind): _kind(zoo, kind) for kind in KINDS}
    found |= {"recipe.md": _recipe(zoo), "commands.md": _commands(), "hooks.md": _hooks()}
    found["README.md"] = _index(zoo)
    return {name: "\n\n".join((NOTE, *parts)) + "\n" for name, parts in found.items()}


def main() -> None:
    """Write the pages, and remove those that nothing writes any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    sys.stdout.write(f"{len(written)} pages written to {FOLDER}\n")


# ---------------------------------------------------------------------------------- pages


def _index(zoo: Zoo) -> Iterator[str]:
    yield "# Reference"
    yield "\n".join(f"- [{title}]({file})" for file, title in OTHERS.items())
    for kind in KINDS:
        yield f"## [{TITLES[kind]}]({_file(kind)})"
        yield _table(
            (kind, ""),
            (
                (f"[{name}]({_file(kind)}#{name})", _text(spec.__doc__).partition("\n\n")[0])
                for name, spec in _specs(zoo, kind)
            ),
        )


def _kind(zoo: Zoo, kind: str) -> Iterator[str]:
    yield f"# {TITLES[kind]}"
    yield _text(KINDS[kind].__doc__)
    for name, spec in _specs(zoo, kind):
        yield f"## {name}"
        yield _text(spec.__doc__)
        if options := facts.options(spec):
            yield _options(options)
        if words := facts.contract(spec):
            yield "\n".join(f"- {word}: {_cell(said)}" for word, said in words.items())
        yield f"```yaml\n{facts.recipe_line(zoo, spec)}\n```"


def _recipe(zoo: Zoo) -> Iterator[str]:
    yield "# Recipe"
    yield _text(model.__doc__)
    said = schema(zoo)["properties"]["extends"]
    extends = facts.Option("extends", "text", "-", said["description"])
    sections = model.Section.__subclasses__()
    for section in sorted(sections, key=lambda one: one is not model.Recipe):
        yield f"## {section.__name__}"
        yield _text(section.__doc__)
        extra = [extends] if section is model.Recipe else []
        yield _options([*extra, *facts.options(section)])


def _hooks() -> Iterator[str]:
    yield "# Hooks"
    yield _text(hooks.__doc__)
    yield from _functions(hooks)
    yield "## Lifecycle"
    yield _text(callbacks.__doc__)
    yield _text(callbacks.Lifecycle.__doc__)
    yield from _functions(callbacks.Lifecycle)


def _functions(owner: Any) -> Iterator[str]:
    """The hook specifications of a module or a class, in the order of the source."""
    for name, function in vars(owner).items():
        if not hasattr(function, f"{hooks.GROUP}_spec"):
            continue
        signature = inspect.signature(function)
        arguments = [a for key, a in signature.parameters.items() if key != "self"]
        yield f"### {name}"
        yield f"```python\n{name}{_plain(signature.replace(parameters=arguments))}\n```"
        yield _text(function.__doc__)


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield _text(app.info.help)
    yield _text(cli.__doc__)
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        usage = [p.metavar if p.required else f"[{p.metavar}]" for p in arguments]
        yield f"## gan-zoo {name}"
        words = ["gan-zoo", name, *usage, *["[OPTIONS]"][: len(options)]]
        yield f"```\n{' '.join(words)}\n```"
        yield _text(command.help)
        if arguments:
            yield _table(("argument", "meaning"), ((_code(p.metavar), p.help) for p in arguments))
        if options:
            rows = ((_code(_flag(p)), _stands(p), p.help) for p in options)
            yield _table(("option", "default", "meaning"), rows)


def _flag(option: Any) -> str:
    """An option as it is typed; one that may come again says so by dots."""
    return f"{', '.join(option.opts)} {option.metavar or ''}{' ...' * option.multiple}".strip()


def _stands(option: Any) -> str:
    """What holds where the option is not given."""
    return "-" if option.is_flag or option.default is None else _code(str(option.default))


# ---------------------------------------------------------------------------------- pieces


def _specs(zoo: Zoo, kind: str) -> list[tuple[str, type[Spec]]]:
    return [(name, claims[0].spec) for name, claims in zoo.claims(kind).items()]


def _file(kind: str) -> str:
    return f"{TITLES[kind].lower()}.md"


def _options(options: Sequence[facts.Option]) -> str:
    rows = ((_code(o.name), _code(o.type), _code(o.default), o.meaning) for o in options)
    return _table(("option", "type and range", "default", "meaning"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _code(text: str) -> str:
    return text if text == "-" else f"`{text}`"


def _cell(text: str) -> str:
    """Text on one line; bars and brackets of tags stay what they are."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", "\\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def _text(docstring: str | None) -> str:
    """A docstring as Markdown: what is indented in it becomes a block of its own."""
    lines: list[str] = []
    for line in inspect.cleandoc(docstring or "").splitlines():
        before = lines[-1] if lines else ""
        if line.startswith("    ") and before and not before.startswith("    "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def _plain(signature: inspect.Signature) -> str:
    """A signature whose annotations, which are texts in the source, stand without quotes."""
    return re.sub(r"'([^']*)'", r"\1", str(signature))


if __name__ == "__main__":
    main()
