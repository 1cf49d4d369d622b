"""Variants as recipes: what is laid over what, what is refused, what is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.variants import Variants, make_variants
from gan_zoo.errors import UserError
from gan_zoo.recipe.problems import RecipeError

SCORE = "score: {metrics: {l1: {use: l1}}}"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Variants]:
    """The variants of a text."""
    monkeypatch.chdir(tmp_path)

    def make(text: str, **options: Any) -> Variants:
        Path("mine.yaml").write_text(f"ablation: 1\nbase: scenes\n{SCORE}\n{text}\n")
        return make_variants(read_ablation("mine.yaml"), **options)

    return make


def said(make: Callable[..., Variants], text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        make(text)
    return str(caught.value).split("\n")


def test_base_then_set_then_variant(make: Callable[..., Variants]) -> None:
    made = make(
        "set: {generator.width: 16, data: {batch: 8}}\n"
        "vary:\n  base: {}\n  wide: {generator: {width: 24}}\n  no_l1: {losses.l1: null}"
    ).variants
    widths = {one.name: one.wired.recipe.generator.width for one in made}  # type: ignore[attr-defined]
    assert widths == {"base": 16, "wide": 24, "no_l1": 16}
    assert all(one.wired.recipe.data.batch == 8 and one.wired.judged for one in made)
    assert {one.name: one.changes for one in made} == {
        "base": (),
        "wide": ("generator.width: 24",),
        "no_l1": ("losses.l1: null",),
    }
    place = made[1].source.place(("generator", "width"))
    assert str(place) == "mine.yaml:7"
    assert str(made[1].source.place(("generator", "depth"))).endswith("quickstart.yaml:6")


def test_a_grid_multiplies_and_vary_comes_first(make: Callable[..., Variants]) -> None:
    made = make(
        "reference: half.l1\n"
        "vary: {other: {generator.width: 8}}\n"
        "grid:\n"
        "  width: {whole: {}, half: {generator.width: 16}}\n"
        "  loss: {l1: {}, l2: {losses.l1: {use: l2}}}\n"
        "leave_out: [{width: whole, loss: l2}]"
    ).variants
    assert [(one.name, dict(one.factors)) for one in made] == [
        ("other", {}),
        ("whole.l1", {"width": "whole", "loss": "l1"}),
        ("half.l1", {"width": "half", "loss": "l1"}),
        ("half.l2", {"width": "half", "loss": "l2"}),
    ]
    assert made[3].changes == ("generator.width: 16", "losses.l1.use: l2")


def test_dots_and_nesting_are_the_same(make: Callable[..., Variants]) -> None:
    one = make("vary: {a: {generator.width: 16}, whole: {}}").variants[0]
    other = make("vary: {a: {generator: {width: 16}}, whole: {}}").variants[0]
    assert one.wired.recipe == other.wired.recipe
    assert one.changes == other.changes


def test_what_phases_say_gives_way(make: Callable[..., Variants]) -> None:
    made = make("vary: {a: {conditions.edges: null}, whole: {}}").variants[0]
    assert list(made.wired.recipe.conditions) == ["labels"]


IMPOSSIBLE = "vary: {whole: {}, deep: {generator.depth: 7}, lost: {optimizers.discriminator: null}}"


def test_every_broken_contract_is_told_with_its_variant(make: Callable[..., Variants]) -> None:
    deep, lost = said(make, IMPOSSIBLE)  # each with the line where its value was written
    assert lost.partition("scenes.yaml:")[2] == (
        "12: optimizers.discriminator: variant lost: is missing (how the discriminator steps); "
        "write discriminator: {use: NAME, ...} with NAME one of adam, adamw, sgd"
    )
    assert deep.partition("scenes.yaml:")[2] == (
        "6: data.size: variant deep: [64, 64] does not suit generator.depth: depth 7 halves the "
        "picture 7 times, so its sides must be multiples of 128; the height is 64. Use height "
        "128, or depth <= 6"
    )


def test_impossible_ones_are_listed_where_the_file_says_so(make: Callable[..., Variants]) -> None:
    made = make(f"impossible: list\n{IMPOSSIBLE}")
    assert [one.name for one in made.variants] == ["whole"]
    assert list(made.left_out) == ["deep", "lost"]
    assert made.left_out["deep"].startswith("data.size: [64, 64] does not suit generator.depth: ")
    assert "variant" not in made.left_out["deep"]


def test_a_typo_is_an_error_even_then(make: Callable[..., Variants]) -> None:
    assert said(make, "impossible: list\nvary: {whole: {}, a: {generator.wdith: 3}}") == [
        "mine.yaml:5: generator.wdith: unknown key; did you mean width?"
    ]


def test_an_impossible_reference(make: Callable[..., Variants]) -> None:
    lines = said(make, f"impossible: list\nreference: deep\n{IMPOSSIBLE}")
    assert lines[0] == (
        "mine.yaml:5: reference: the reference deep is impossible, so nothing can be set against it"
    )


def test_two_of_one_recipe(make: Callable[..., Variants]) -> None:
    assert said(make, "vary: {whole: {}, same: {generator.width: 32}}") == [
        "mine.yaml:4: vary.same: same is the same recipe as whole; leave one of them out"
    ]


@pytest.mark.parametrize(
    ("score", "line"),
    [
        (
            "{metrics: {x: {use: segmentation, label: lable}}}",
            "mine.yaml:3: score.metrics.x.label: the data has no map 'lable'; did you mean label?; "
            "or leave this metric out",
        ),
        (
            "{weights: best, metrics: {x: {use: l1}}}",
            "mine.yaml:3: score.weights: no run keeps weights 'best'; use latest",
        ),
    ],
)
def test_scores_have_contracts(
    make: Callable[..., Variants], monkeypatch: pytest.MonkeyPatch, score: str, line: str
) -> None:
    monkeypatch.setitem(globals(), "SCORE", f"score: {score}")
    assert said(make, "vary: {whole: {}, a: {generator.width: 8}}") == [line]


def test_minutes_are_steps_once_these_are_measured(make: Callable[..., Variants]) -> None:
    text = "budget: {minutes: 0.5}\nvary: {whole: {}, wide: {generator.width: 48}}"
    assert [one.wired.recipe.phases["main"].epochs for one in make(text).variants] == [14, 14]
    made = make(text, seconds={"whole": 0.1, "wide": 0.2}).variants
    assert [one.wired.recipe.phases["main"].steps for one in made] == [300, 150]
    assert made[1].source.notes[-1].startswith("budget: 150 steps in place of 3500: main {steps")


def test_a_budget_too_small(make: Callable[..., Variants]) -> None:
    Path("three.yaml").write_text("extends: quickstart_hd")
    text = f"ablation: 1\nbase: three.yaml\n{SCORE}\nbudget: {{steps: 2}}\nvary: {{whole: {{}}}}\n"
    Path("mine.yaml").write_text(text)
    with pytest.raises(RecipeError) as caught:
        make_variants(read_ablation("mine.yaml"))
    assert str(caught.value).endswith(
        "mine.yaml:4: budget: variant whole: 2 steps are too few for 3 phases, each of which takes "
        "one (coarse, enhance, joint)"
    )


def test_samples_that_are_not_there(make: Callable[..., Variants]) -> None:
    [line] = said(
        make,
        "budget: {steps: 20}\n"
        "set:\n"
        "  data: {use: paired_folder, root: nowhere, crop: [64, 64]}\n"
        "  conditions: {labels: null, edges: null, picture: {use: image, map: source}}\n"
        "vary: {whole: {}, narrow: {generator.width: 8}}",
    )
    assert line.startswith("data: ")
    assert "nowhere" in line
