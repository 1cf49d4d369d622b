"""Recipes in Python and in YAML: equal both ways, for what ships and for what may be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gan_zoo.components.kinds import KINDS
from gan_zoo.recipe import text
from gan_zoo.recipe.engine_words import Engine
from gan_zoo.recipe.model import Inference, Phase, Schedule, Validation
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.tree import Node, merge
from gan_zoo.recipe.validation import RecipeError, parse
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo_conditions.specs import ImageSpec
from gan_zoo_data.shipped_specs import EmojiSpec
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_generators.unet_specs import UNetSpec
from gan_zoo_losses.specs import AdversarialSpec, L1Spec
from gan_zoo_methods.specs import PairedSpec
from gan_zoo_optimizers.specs import AdamSpec, NormalSpec
from tests.recipe.small_zoo import COMPONENTS, RECIPE

SHIPPED = sorted(Zoo.installed().recipes())
SMALL = Zoo([Plugin("small", "gan-zoo", "1", COMPONENTS)])


def again(recipe: Recipe, zoo: Zoo | None = None) -> Recipe:
    """Written as YAML and read back."""
    root, problems = text.read(text.write(recipe.dump(zoo)), "recipe.yaml")
    assert not problems
    return parse(Recipe, Source("recipe", root), zoo)


def test_python_and_yaml_make_equal_recipes(files: Callable[..., None]) -> None:
    files(
        mine="""\
data: {use: emoji, batch: 4}
conditions: {picture: {use: image}}
method: {use: paired}
generator: {use: unet, depth: 6, width: 32}
discriminator: {use: patch, layers: 2}
init: {use: normal}
losses: {gan: {use: adversarial}, l1: {use: l1, weight: 100}}
optimizers: {generator: {use: adam}, discriminator: {use: adam, betas: [0.5, 0.9]}}
phases: {main: {epochs: 4, size: [64, 64], schedule: {hold: 2, fall: 2}, set: {data.batch: 8}}}
engine: {device: cpu}
"""
    )
    made = Recipe(
        data=EmojiSpec(batch=4),
        conditions={"picture": ImageSpec()},
        method=PairedSpec(),
        generator=UNetSpec(depth=6, width=32),
        discriminator=PatchSpec(layers=2),
        init=NormalSpec(),
        losses={"gan": AdversarialSpec(), "l1": L1Spec(weight=100)},
        optimizers={"generator": AdamSpec(), "discriminator": AdamSpec(betas=(0.5, 0.9))},
        phases={
            "main": Phase(
                epochs=4, size=(64, 64), schedule=Schedule(hold=2, fall=2), set={"data.batch": 8}
            )
        },
        engine=Engine(device="cpu"),
    )
    assert Recipe.load("mine.yaml") == made
    assert again(made) == made


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_reads_back_equal(name: str) -> None:
    recipe = Recipe.load(name)
    assert again(recipe) == recipe
    assert again(recipe).dump() == recipe.dump()


def test_a_change_in_python_takes_specs_paths_and_tuples() -> None:
    changes = {"generator": UNetSpec(depth=6), "phases.main.size": (64, 64)}
    recipe = Recipe.load("quickstart", set=changes)
    assert recipe.generator == UNetSpec(depth=6)
    assert recipe.phases["main"].size == (64, 64)
    named = Recipe.load("quickstart", set={"data": {"use": "paired_folder", "root": Path("x")}})
    assert named.data.model_dump()["root"] == "x"


POSITIVE = st.integers(1, 10**6)
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
SIZES = st.lists(POSITIVE, min_size=2, max_size=2)


def some(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


LOSSES = st.builds(
    lambda use, options: {"use": use, **options},
    st.sampled_from(["adversarial", "l1"]),
    some(weight=st.floats(0, 1e6)),
)
PHASES = st.builds(
    lambda epochs, options: {"epochs": epochs, **options},
    POSITIVE,
    some(
        size=SIZES,
        train=st.lists(NAMES, max_size=3),
        start=st.dictionaries(NAMES, st.sampled_from(["carried", "fresh"]), max_size=2),
        set=st.dictionaries(NAMES, st.booleans() | st.floats(-1, 1) | NAMES, max_size=2),
        schedule=st.fixed_dictionaries({"hold": st.integers(0, 9), "fall": POSITIVE}),
    ),
)
CHANGES = some(
    seed=st.integers(0, 2**32 - 1),
    data=some(root=st.text("aß1e.-~ '", min_size=1), crop=SIZES | st.none(), workers=POSITIVE),
    generator=some(width=POSITIVE, norm=st.sampled_from(["batch", "none"]), residual=st.booleans()),
    losses=st.dictionaries(NAMES, LOSSES, max_size=3),
    phases=st.dictionaries(NAMES, PHASES, max_size=3),
    inference=some(dropout=st.booleans()),
)


@given(CHANGES)
def test_any_recipe_reads_back_equal(changes: dict[str, Any]) -> None:
    root, _ = text.read(RECIPE, "base.yaml")
    recipe = parse(Recipe, Source("mine", merge(root, Node.of(changes))), SMALL)
    assert again(recipe, SMALL) == recipe


def test_a_phase_sets_values_for_itself(load: Callable[..., Recipe], zoo: Zoo) -> None:
    recipe = load(
        "extends: base.yaml\nphases: {late: {steps: 5, set: {data.batch: 8, losses.l1.weight: 3}}}",
        "phases.late.set.engine.device=cpu",
        "phases.late.set.losses.l1={weight: 2}",
    )
    assert recipe.in_phase("main", zoo) is recipe
    late = recipe.in_phase("late", zoo)
    assert (late.data.batch, late.losses["l1"].weight, late.engine.device) == (8, 2, "cpu")
    assert (recipe.data.batch, recipe.losses["l1"].weight) == (2, 100)


def test_roots_are_made_absolute_in_phases_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    near = {"use": "paired_folder", "root": "near"}
    sets: dict[str, Any] = {
        "one": {"data.root": "far", "data.batch": 2, "engine": {"device": "cpu"}},
        "two": {"data": {"root": "far", "batch": 2}},
        "three": {"data.batch": 2},
    }
    phases = {"main": {"epochs": 1}} | {n: {"epochs": 1, "set": s} for n, s in sets.items()}
    recipe = Recipe.load("pix2pix", set={"data": near, "phases": phases})
    anchored = recipe.with_absolute_paths()
    assert [anchored.in_phase(name).data.root for name in phases] == [  # type: ignore[attr-defined]
        *(f"{tmp_path}/near", f"{tmp_path}/far", f"{tmp_path}/far", f"{tmp_path}/near")
    ]
    assert anchored.phases["one"].set == {**sets["one"], "data.root": f"{tmp_path}/far"}
    assert anchored.phases["two"].set == {"data": {"root": f"{tmp_path}/far", "batch": 2}}
    assert anchored.phases["three"] == recipe.phases["three"]
    assert anchored.with_absolute_paths() == anchored


def test_components_inside_components_have_a_path(zoo: Zoo) -> None:
    tree = yaml.safe_load(RECIPE)
    tree["discriminator"] = {"use": "several", "each": {"use": "patch", "layers": 2}}
    tree["optimizers"]["generator"]["lr"] = 2e-4  # which YAML 1.1 takes for a text
    recipe = Recipe.model_validate(tree, context={"zoo": zoo})
    found = recipe.components()
    assert [key for key in found if key.startswith("discriminator")] == [
        "discriminator",
        "discriminator.each",
    ]
    assert found["discriminator.each"].layers == 2  # type: ignore[attr-defined]


def test_the_best_weights_need_a_metric_that_picks_them() -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.load("pix2pix", set={"inference.weights": "best"})
    assert str(caught.value) == (
        "--set inference.weights=best: inference.weights: weights/best is kept only where "
        "validation picks it; name a metric in validation.best, or use weights: latest"
    )
    validation = {"metrics": {"l1": {"use": "l1"}}, "best": "l1"}
    Recipe.load("pix2pix", set={"inference.weights": "best", "validation": validation})


def test_a_field_of_an_unnamed_class_takes_only_its_own() -> None:
    class Single(PatchSpec):
        """Judges at one scale; has no name, so it is no component."""

    class OneSpec(Single, name="one"):
        """One."""

    class Holder(BaseModel):
        each: Single

    zoo = Zoo([Plugin("small", "gan-zoo", "1", (PatchSpec, OneSpec))])
    context = {"zoo": zoo}
    assert isinstance(
        Holder.model_validate({"each": {"use": "one"}}, context=context).each, OneSpec
    )
    with pytest.raises(ValidationError, match="patch cannot stand here; name one of one"):
        Holder.model_validate({"each": {"use": "patch"}}, context=context)


def test_the_schedule_falls_to_zero() -> None:
    published = Schedule(hold=99, fall=101)
    assert published.factor(1) == published.factor(99) == 1
    assert published.factor(100) == 1 - 1 / 101
    assert published.factor(200) == 0
    assert published.factor(300) == 0


@pytest.mark.parametrize("section", [Recipe, Phase, Schedule, Inference, Validation, Engine])
def test_every_key_is_documented(section: type[BaseModel]) -> None:
    assert not set(section.model_fields) - set(option_docs(section))


def test_null_always_means_the_default() -> None:
    """Null removes what an extended recipe says, so an option that may be null is so by default."""
    zoo = Zoo.installed()
    specs = [claims[0].spec for kind in KINDS for claims in zoo.claims(kind).values()]
    ambiguous = [
        f"{model.__name__}.{name}"
        for model in (Recipe, Phase, Schedule, Inference, Validation, Engine, *specs)
        for name, field in model.model_fields.items()
        if type(None) in get_args(field.annotation) and field.default is not None
    ]
    assert not ambiguous


def test_places_are_kept(files: Callable[..., None], zoo: Zoo) -> None:
    files(mine="extends: base.yaml\ngenerator:\n  depth: 6\nlosses: {l1: {weight: 5}}\n")
    source = read_source("mine.yaml", set={"seed": 3, "engine.device": "cpu"}, zoo=zoo)
    assert source.name == "mine"
    expected = {
        "seed": "--set seed=3",
        "data.root": "base.yaml:2",
        "generator": "mine.yaml:2",
        "generator.width": "base.yaml:7",
        "generator.depth": "mine.yaml:3",
        "losses.l1.weight": "mine.yaml:4",
        "losses.l1.use": "base.yaml:11",
        "engine.device": "--set engine.device=cpu",
        "phases.main.steps": "base.yaml:16",  # not written: the phase's own place
    }
    assert {key: str(source.place(tuple(key.split(".")))) for key in expected} == expected
    assert ("phases", "main", "steps") not in source.places
    assert str(source.places["generator", "depth"]) == "mine.yaml:3"


def test_extends_looks_beside_the_file_then_among_what_ships(
    files: Callable[..., None], tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "base.yaml").write_text("extends: quickstart\nseed: 7\n")
    (folder / "mine.yaml").write_text("extends: base.yaml\n")  # not the base.yaml of the test
    assert Recipe.load(folder / "mine.yaml").seed == 7
