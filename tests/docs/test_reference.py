"""The reference pages say what the source says now, of every built-in component."""

from __future__ import annotations

import re
import unicodedata

import pytest

from gan_zoo.ablation.file import AblationFields
from gan_zoo.cli import app
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.schema import schema, sections_in
from gan_zoo.recipe.section import Section
from gan_zoo.registry.plugins import Plugin, load_installed
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing.stand_ins import PainterSpec
from tools import reference
from tools.reference import FOLDER, TITLES, pages

WRITTEN = pages()
BUILTINS = [spec for plugin in load_installed() if plugin.builtin for spec in plugin.components]
SECTIONS = {
    "recipe.md": [Recipe, *sections_in(RecipeFields)],
    "ablation.md": sections_in(AblationFields),
}
CURE = "docs/reference is not what the source says; write it again: make reference"


def said_of(page: str, heading: str) -> str:
    """What stands under a heading."""
    [found] = re.findall(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
    return str(found)


def test_no_page_is_left_or_missing() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(WRITTEN), CURE


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_what_the_source_says(name: str) -> None:
    there = FOLDER / name
    same = there.is_file() and there.read_text(encoding="utf-8") == WRITTEN[name]
    assert same, f"{name}: {CURE}"


@pytest.mark.parametrize("spec", BUILTINS, ids=lambda spec: f"{spec.kind} {spec.name}")
def test_a_component_is_there_with_every_option(spec: type[Spec]) -> None:
    said = said_of(WRITTEN[f"{TITLES[spec.kind].lower()}.md"], spec.name)
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| .+ \| \S.* \|$", said, re.M)
    assert rows == list(spec.model_fields)
    assert f"use: {spec.name}" in said
    link = f"[{spec.name}]({TITLES[spec.kind].lower()}.md#{spec.name})"
    assert link in WRITTEN["README.md"]


@pytest.mark.parametrize(
    ("page", "section"),
    [(p, one) for p, own in SECTIONS.items() for one in own if one is not RecipeFields],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_section_is_there_with_every_key(page: str, section: type[Section]) -> None:
    said = said_of(WRITTEN[page], section.__name__.removesuffix("Fields"))
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| .+ \| \S.* \|$", said, re.M)
    assert [name for name in rows if name != "extends"] == list(section.model_fields)


def test_every_section_of_a_recipe_is_there_and_editors_are_told_of_it() -> None:
    headings = re.findall(r"^## (\w+)$", WRITTEN["recipe.md"], re.M)
    assert headings == [
        *("Recipe", "Phase", "Schedule", "Inference", "Validation", "EarlyStop", "Engine")
    ]
    told = schema(Zoo.installed())["$defs"]
    for section in ("Engine", "Phase", "EarlyStop"):
        assert all(option["description"] for option in told[section]["properties"].values())


def test_every_command_is_there_with_every_option() -> None:
    commands = [command.name for command in app.registered_commands]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        inside = group.typer_instance.registered_commands
        commands += [f"{group.typer_instance.info.name} {command.name}" for command in inside]
    assert len(commands) >= 15
    for name in commands:
        assert said_of(WRITTEN["commands.md"], f"gan-zoo {name}")
    for option in ("--set KEY=VALUE ...", "--data DIR", "--ready", "--pairs", "--baseline NAME"):
        assert f"`{option}`" in WRITTEN["commands.md"]


def test_every_hook_is_there() -> None:
    for hook in ("gan_zoo_components", "gan_zoo_recipes", "on_run_start", "on_run_end"):
        assert f"```python\n{hook}(" in said_of(WRITTEN["hooks.md"], hook)


def test_every_kind_has_a_page() -> None:
    assert list(TITLES) == list(KINDS)


def test_pages_are_plain_text() -> None:
    for name, text in WRITTEN.items():
        control = [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]
        assert not control, name


def test_guests_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = Plugin("guest", "gan-zoo-guest", "1", (PainterSpec,))
    monkeypatch.setattr(reference, "load_installed", lambda: [*load_installed(), guest])
    assert pages() == WRITTEN
