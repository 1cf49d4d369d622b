"""Writes docs/reference from the specs, the recipe, the hooks, the door for authors and the
commands: `make reference`.

Every text comes from docstrings and help lines, so a page says what the source says. Guests are
left out: the pages are the same wherever they are written.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import typer.main
from pydantic import BaseModel

from gan_zoo import cli
from gan_zoo.ablation.file import AblationFields
from gan_zoo.cli import app
from gan_zoo.cli.terminal.listing import shipped_ablations
from gan_zoo.components import Lifecycle, lifecycle
from gan_zoo.components.hooks import GROUP
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.schema import schema, sections_in
from gan_zoo.recipe.section import Section
from gan_zoo.registry import describe, hooks
from gan_zoo.registry.plugins import load_installed
from gan_zoo.registry.zoo import Zoo
from tools.api_page import api
from tools.markdown import cell, code, plain, table, text

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
    "executor": "Executors",
}
OTHERS = {
    "recipe.md": "Recipe",
    "ablation.md": "Ablation",
    "commands.md": "Commands",
    "hooks.md": "Hooks",
    "api.md": "The door for authors",
}
NOTE = "<!-- Written by `make reference` from the source; change the docstrings there. -->"


def pages() -> dict[str, str]:
    """File name -> text of every page, from the built-in components alone."""
    zoo = Zoo(plugin for plugin in load_installed() if plugin.builtin)
    found = {_file(kind): _kind(zoo, kind) for kind in KINDS}
    found |= {"recipe.md": _recipe(zoo), "ablation.md": _ablation(zoo)}
    found |= {"commands.md": _commands(), "hooks.md": _hooks()}
    found["api.md"] = api()
    found["README.md"] = _index(zoo)
    return {name: "\n\n".join((NOTE, *parts)) + "\n" for name, parts in found.items()}


def main() -> None:
    """Write the pages, and remove those that nothing writes any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, page in written.items():
        (FOLDER / name).write_text(page, encoding="utf-8")
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
        yield table(
            (kind, ""),
            (
                (f"[{name}]({_file(kind)}#{name})", text(spec.__doc__).partition("\n\n")[0])
                for name, spec in _specs(zoo, kind)
            ),
        )


def _kind(zoo: Zoo, kind: str) -> Iterator[str]:
    yield f"# {TITLES[kind]}"
    yield text(KINDS[kind].__doc__)
    for name, spec in _specs(zoo, kind):
        yield f"## {name}"
        yield text(spec.__doc__)
        if options := describe.options(spec):
            yield _options(options)
        if words := describe.contract(spec):
            yield "\n".join(f"- {word}: {cell(said)}" for word, said in words.items())
        yield f"```yaml\n{describe.recipe_line(zoo, spec)}\n```"
    for model in dict.fromkeys(m for _, spec in _specs(zoo, kind) for m in _mappings(spec)):
        yield f"## {model.__name__}"
        yield text(model.__doc__)
        yield _options(describe.options(model))


def _mappings(spec: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of options that are mappings with words of their own."""
    left: list[Any] = [field.annotation for field in spec.model_fields.values()]
    while left:
        one = left.pop(0)
        if isinstance(one, type) and issubclass(one, BaseModel) and not issubclass(one, Spec):
            yield one
        left += get_args(one)


def _recipe(zoo: Zoo) -> Iterator[str]:
    yield "# Recipe"
    yield text(Recipe.__doc__)
    said = schema(zoo)["properties"]["extends"]
    extends = describe.Option("extends", "text", "-", said["description"])
    yield "## Recipe"
    yield _options([extends, *describe.options(Recipe)])
    yield from _sections(RecipeFields)


def _ablation(zoo: Zoo) -> Iterator[str]:
    yield "# Ablation"
    yield text(AblationFields.__doc__)
    yield "## Ablation"
    yield _options(describe.options(AblationFields))
    yield from _sections(AblationFields)
    yield "## Shipped ablations"
    yield table(
        ("ablation", ""), ((code(one["name"]), one["about"]) for one in shipped_ablations(zoo))
    )


def _sections(model: type[Section]) -> Iterator[str]:
    for section in sections_in(model):
        if section is not model:
            yield f"## {section.__name__}"
            yield text(section.__doc__)
            yield _options(describe.options(section))


def _hooks() -> Iterator[str]:
    yield "# Hooks"
    yield text(hooks.__doc__)
    yield from _functions(hooks)
    yield "## Lifecycle"
    yield text(lifecycle.__doc__)
    yield text(Lifecycle.__doc__)
    yield from _functions(Lifecycle)


def _functions(owner: Any) -> Iterator[str]:
    """The hook specifications of a module or a class, in the order of the source."""
    for name, function in vars(owner).items():
        if not hasattr(function, f"{GROUP}_spec"):
            continue
        signature = inspect.signature(function)
        arguments = [a for key, a in signature.parameters.items() if key != "self"]
        yield f"### {name}"
        yield f"```python\n{name}{plain(signature.replace(parameters=arguments))}\n```"
        yield text(function.__doc__)


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield text(app.info.help)
    yield text(cli.__doc__)
    group: Any = typer.main.get_command(app)
    for name, command in _leaves(group.commands):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        usage = [p.metavar if p.required else f"[{p.metavar}]" for p in arguments]
        yield f"## gan-zoo {name}"
        words = ["gan-zoo", *name.split(), *usage, *["[OPTIONS]"][: len(options)]]
        yield f"```\n{' '.join(words)}\n```"
        yield text(command.help)
        if arguments:
            yield table(("argument", "meaning"), ((code(p.metavar), p.help) for p in arguments))
        if options:
            rows = ((code(_flag(p)), _stands(p), p.help) for p in options)
            yield table(("option", "default", "meaning"), rows)


def _leaves(commands: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words, those of a group one by one."""
    for name, command in commands.items():
        if inside := getattr(command, "commands", None):
            yield from _leaves(inside, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def _flag(option: Any) -> str:
    """An option as it is typed; one that may come again says so by dots."""
    return f"{', '.join(option.opts)} {option.metavar or ''}{' ...' * option.multiple}".strip()


def _stands(option: Any) -> str:
    """What holds where the option is not given."""
    return "-" if option.is_flag or option.default is None else code(str(option.default))


# ---------------------------------------------------------------------------------- pieces


def _specs(zoo: Zoo, kind: str) -> list[tuple[str, type[Spec]]]:
    return [(name, claims[0].spec) for name, claims in zoo.claims(kind).items()]


def _file(kind: str) -> str:
    return f"{TITLES[kind].lower()}.md"


def _options(options: Sequence[describe.Option]) -> str:
    rows = ((code(o.name), code(o.type), code(o.default), o.meaning) for o in options)
    return table(("option", "type and range", "default", "meaning"), rows)


if __name__ == "__main__":
    main()
