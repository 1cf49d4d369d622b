"""The file of an ablation: every mistake with the exact words that its writer reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from gan_zoo.ablation.file import AblationFields, AblationFile, Published, read_ablation
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe

WHOLE = {
    "ablation": "1",
    "base": "base.yaml",
    "vary": "{whole: {}, no_l1: {losses.l1: null}}",
    "score": "{metrics: {l1: {use: l1}}}",
}
BASE = "extends: scenes\ngenerator: {width: 16}\n"
NONE = "there is no variant; name some: vary: {without_l1: {losses.l1: null}, whole: {}}"

# What -> what is written in place of the lines of WHOLE, and what is said.
MISTAKES: dict[str, tuple[dict[str, str], list[str]]] = {
    "an unknown key": (
        {"refrence": "whole"},
        ["mine.yaml:5: refrence: unknown key; did you mean reference?"],
    ),
    "a key of others": (
        {"matrix": "{}"},
        ["mine.yaml:5: matrix: unknown key; what is multiplied stands under `grid`"],
    ),
    "a key of recipes": (
        {"extends": "base.yaml"},
        ["mine.yaml:5: extends: unknown key; the recipe that is varied is named by `base`"],
    ),
    "a key twice": (
        {"vary": "{a: {}}\nvary: {b: {}}"},
        ["mine.yaml:4: vary: the key came twice, first in line 3; keep one of them"],
    ),
    "a typo in a patch": (
        {"vary": "\n  whole: {}\n  wide:\n    generator: {wdith: 3}"},
        ["mine.yaml:6: generator.wdith: unknown key; did you mean width?"],
    ),
    "a typo in every variant": (
        {"set": "{generator.wdith: 3}"},
        ["mine.yaml:5: generator.wdith: unknown key; did you mean width?"],
    ),
    "a path to nothing": (
        {"vary": "{whole: {}, a: {losses.l2.weight: 3}}"},
        [
            "mine.yaml:3: losses.l2: there is no losses.l2 to change; there are losses.gan, "
            "losses.l1; a new one comes whole: losses.l2: {...}"
        ],
    ),
    "an unknown component": (
        {"vary": "{whole: {}, a: {losses.l1: {use: charbonier}}}"},
        ["mine.yaml:3: losses.l1.use: unknown loss 'charbonier'; did you mean charbonnier?"],
    ),
    "a reference that is none": (
        {"reference": "hole"},
        ["mine.yaml:5: reference: there is no variant 'hole'; did you mean whole?"],
    ),
    "no reference": (
        {"vary": "{a: {losses.l1: null}, b: {generator.width: 8}}"},
        [
            "mine.yaml:1: every variant changes something, so name the one that the "
            "others are set against: reference: a, or another"
        ],
    ),
    "a level that is left out and none": (
        {"grid": "{loss: {a: {}, b: {losses.l1: null}}}\nleave_out: [{loss: c, los: a}]"},
        [
            "mine.yaml:6: leave_out.loss (item 1): loss has no level 'c'; there are a, b",
            "mine.yaml:6: leave_out.los (item 1): there is no factor 'los'; did you mean loss?",
        ],
    ),
    "a level left out of no grid": (
        {"leave_out": "[{loss: c}]"},
        ["mine.yaml:5: leave_out (item 1): there is no grid to leave anything out of; remove it"],
    ),
    "everything left out": (
        {"vary": "{}", "grid": "{loss: {a: {}}}", "leave_out": "[{loss: a}]"},
        ["mine.yaml:6: leave_out: every combination of the grid is left out; keep one"],
    ),
    "a published variant that is none": (
        {"published": "{source: a paper, values: {whole: 1, no_l2: 0.5}}"},
        ["mine.yaml:5: published.values.no_l2: there is no variant 'no_l2'; did you mean no_l1?"],
    ),
    "no variants": ({"vary": "{}"}, [f"mine.yaml:1: {NONE}"]),
    "a variant of nothing": (
        {"vary": "{whole: , no_l1: {losses.l1: null}}"},
        [
            "mine.yaml:3: vary.whole: null came, but changes are expected; write {} where "
            "nothing changes"
        ],
    ),
    "a name that is no folder": (
        {"vary": "{whole: {}, a/b: {generator.width: 8}}"},
        [
            "mine.yaml:3: vary.a/b: this cannot be a name; a name is made of letters, digits, _ "
            "and -"
        ],
    ),
    "names that some systems take for one": (
        {"vary": "{whole: {}, Whole: {generator.width: 8}}"},
        ["mine.yaml:3: vary.Whole: 'Whole' and 'whole' would be one folder; give one another name"],
    ),
    "seeds that are equal": (
        {"seeds": "[0, 1, 1]"},
        ["mine.yaml:5: seeds: 1 came twice, which would train the same run again"],
    ),
    "a number of seeds": (
        {"seeds": "3"},
        ["mine.yaml:5: seeds: 3 came, but the seeds themselves are expected, as [0, 1, 2]"],
    ),
    "a seed in a patch": (
        {"vary": "{whole: {}, a: {seed: 3}}"},
        [
            "mine.yaml:3: vary.a.seed: every variant is trained with the same seeds, which "
            "`seeds` lists"
        ],
    ),
    "two budgets": (
        {"budget": "{steps: 10, minutes: 2}"},
        ["mine.yaml:5: budget: steps and minutes are two budgets; keep one of them"],
    ),
    "no budget": (
        {"budget": "{}"},
        ["mine.yaml:5: budget: is empty; write steps: N, epochs: N or minutes: N"],
    ),
    "an unknown metric": (
        {"score": "{metrics: {x: {use: sharpnes}}}"},
        ["mine.yaml:4: score.metrics.x.use: unknown metric 'sharpnes'; did you mean sharpness?"],
    ),
    "no base": (
        {"base": "bass.yaml"},
        [
            "mine.yaml:2: base: there is no file bass.yaml and no shipped recipe of that name; did "
            "you mean base.yaml?"
        ],
    ),
    "a base that is an ablation": (
        {"base": "pix2pix_losses"},
        [
            "mine.yaml:2: base: pix2pix_losses is an ablation, which trains several recipes: "
            "gan-zoo ablate pix2pix_losses"
        ],
    ),
    "another format": ({"ablation": "2"}, ["mine.yaml:1: ablation: 2 came, but 1 is expected"]),
    "an unknown executor": (
        {"executor": "{use: lokal}"},
        ["mine.yaml:5: executor.use: unknown executor 'lokal'; did you mean local?"],
    ),
    "all at once": (
        {"reference": "hole", "seeds": "[]", "set": "{generator.wdith: 3}", "abuot": "x"},
        [
            "mine.yaml:5: reference: there is no variant 'hole'; did you mean whole?",
            "mine.yaml:6: seeds: is empty; at least one seed is needed",
            "mine.yaml:7: generator.wdith: unknown key; did you mean width?",
            "mine.yaml:8: abuot: unknown key; did you mean about?",
        ],
    ),
}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AblationFile]:
    """An ablation of some lines, beside its base."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)

    def read(lines: dict[str, str], base: str = BASE) -> AblationFile:
        Path("base.yaml").write_text(base)
        Path("mine.yaml").write_text("".join(f"{key}: {one}\n" for key, one in lines.items()))
        return read_ablation("mine.yaml")

    return read


@pytest.mark.parametrize(("lines", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(
    read: Callable[..., AblationFile], lines: dict[str, str], said: list[str]
) -> None:
    with pytest.raises(RecipeError) as caught:
        read(WHOLE | lines)
    assert str(caught.value).split("\n") == said


def test_a_mistake_of_the_base_is_said_once_and_of_its_line(
    read: Callable[..., AblationFile],
) -> None:
    with pytest.raises(RecipeError) as caught:
        read(WHOLE | {"reference": "hole"}, f"{BASE}losses: {{l1: {{wieght: 3}}}}\n")
    mine, base = str(caught.value).split("\n")
    assert mine.startswith("mine.yaml:5: reference")
    assert base == "base.yaml:3: losses.l1.wieght: unknown key; did you mean weight?"


def test_what_a_change_breaks_elsewhere_names_its_variant(
    read: Callable[..., AblationFile],
) -> None:
    base = f"{BASE}inference: {{weights: best}}\nvalidation: {{best: l1}}\n"
    assert read(WHOLE, base)
    with pytest.raises(RecipeError) as caught:
        read(WHOLE | {"vary": "{whole: {}, a: {validation: null}}"}, base)
    assert str(caught.value) == (
        "base.yaml:3: inference.weights: variant a: weights/best is kept only where validation "
        "picks it; name a metric in validation.best, or use weights: latest"
    )


def test_what_is_read(read: Callable[..., AblationFile]) -> None:
    file = read(WHOLE | {"published": "{source: a paper, values: {whole: 1, no_l1: {x: 0.5}}}"})
    fields = file.fields
    assert (file.name, file.path) == ("mine", Path("mine.yaml"))
    assert file.text == Path("mine.yaml").read_text()
    assert fields.seeds == (0, 1, 2)
    assert (fields.score.split, fields.score.weights) == ("test", None)
    assert fields.executor.name == "local"
    assert fields.compared_with == "whole"
    assert fields.published
    assert fields.published.columns() == {"whole": {"published": 1.0}, "no_l1": {"x": 0.5}}
    assert [one.name for one in file.candidates] == ["whole", "no_l1"]


def test_names_may_be_numbers(read: Callable[..., AblationFile]) -> None:
    file = read(WHOLE | {"vary": "{1: {generator.width: 8}, 2: {}}", "reference": "1"})
    assert file.fields.compared_with == "1"


@pytest.mark.parametrize("file", ["mine.yaml", "pix2pix_losses"])
def test_an_ablation_is_no_recipe(read: Callable[..., AblationFile], file: str) -> None:
    read(WHOLE)
    with pytest.raises(RecipeError, match=rf"is an ablation, .*: gan-zoo ablate {file}$"):
        Recipe.load(file)


@pytest.mark.parametrize("file", ["base.yaml", "quickstart"])
def test_a_recipe_is_no_ablation(read: Callable[..., AblationFile], file: str) -> None:
    told = f"{file} is a recipe, not an ablation; to train it: gan-zoo run {file}; "
    with pytest.raises(RecipeError, match=told):
        read_ablation(file)


def test_near_names_of_shipped_ones() -> None:
    with pytest.raises(RecipeError, match="did you mean pix2pix_losses"):
        read_ablation("pix2pix_loses")


def test_in_python_the_names_must_agree_too() -> None:
    data = {
        "ablation": 1,
        "base": "scenes",
        "vary": {"whole": {}, "wide": {"generator.width": 48}},
        "score": {"metrics": {"l1": {"use": "l1"}}},
    }
    fields = AblationFields.model_validate(data)
    assert fields.compared_with == "whole"
    assert AblationFields.model_validate(fields.model_dump(mode="json")) == fields
    with pytest.raises(ValidationError, match="there is no variant 'hole'; did you mean whole"):
        AblationFields.model_validate(data | {"reference": "hole"})


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_published_numbers_are_finite(value: str) -> None:
    for values in ({"a": float(value)}, {"a": {"accuracy": float(value)}}):
        with pytest.raises(ValidationError, match="finite number"):
            Published.model_validate({"source": "a paper", "values": values})
