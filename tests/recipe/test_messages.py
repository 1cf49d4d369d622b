"""Every mistake in a recipe, with the exact words that its writer reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
Complaints = Callable[..., list[str]]


def cases(name: str) -> list[object]:
    """The blocks of a file: `# what`, what is written, and what is said after `->`."""
    found = []
    for block in (HERE / name).read_text().split("\n\n")[1:]:
        what, *lines = block.rstrip("\n").split("\n")
        written = [line for line in lines if not line.startswith("-> ")]
        said = [line.removeprefix("-> ") for line in lines if line.startswith("-> ")]
        found.append(pytest.param("\n".join(written), said, id=what.removeprefix("# ")))
    return found


@pytest.mark.parametrize(("text", "said"), cases("mistakes_in_files.txt"))
def test_a_file(complaints: Complaints, text: str, said: list[str]) -> None:
    assert complaints(f"extends: base.yaml\n{text}\n") == said


@pytest.mark.parametrize(("change", "said"), cases("mistakes_in_changes.txt"))
def test_a_change(complaints: Complaints, change: str, said: list[str]) -> None:
    assert complaints(None, change, recipe="base.yaml") == said


@pytest.mark.parametrize("name", ["mistakes_in_files.txt", "mistakes_in_changes.txt"])
def test_no_message_speaks_python(name: str) -> None:
    said = [line for line in (HERE / name).read_text().split("\n") if line.startswith("-> ")]
    foreign = re.compile(r"\b(Input|valid|None|True|False|dict|tuple|str|pydantic|class)\b")
    assert said
    assert not [line for line in said if foreign.search(line)]


def test_a_change_given_twice(complaints: Complaints) -> None:
    said = complaints(None, "seed=1", "seed=2", recipe="base.yaml")
    assert said == ["--set seed=2: seed: the key came twice; keep one of them"]


def test_an_invisible_character(complaints: Complaints) -> None:
    said = complaints("seed: 1\nmethod: \a")
    assert said == ["mine.yaml:2: broken YAML: the invisible character #07; remove it"]


def test_brackets_without_end(complaints: Complaints) -> None:
    said = complaints("seed: " + "[" * 5000)
    assert said == ["mine.yaml: brackets stand in brackets without end; close them"]


def test_aliases_that_unfold_without_end(complaints: Complaints) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    [said] = complaints("\n".join(lines))
    assert said.endswith("aliases unfold without end; write the values out")


def test_a_number_of_many_digits(complaints: Complaints) -> None:
    said = complaints(f"extends: base.yaml\nseed: {'9' * 5000}")
    assert said == ["mine.yaml:2: seed: the number is too large; a number has at most 308 digits"]


def test_all_at_once_in_the_order_of_the_files(
    complaints: Complaints, files: Callable[..., None]
) -> None:
    base = Path("base.yaml").read_text()
    files(base=base.replace("width: 32", "width: wide").replace("epochs: 10", "epochs: ten"))
    text = "extends: base.yaml\nengine: {log_every: 0}\nseed: 1\nseed: 2\ngenerator: {dept: 3}\n"
    said = complaints(text, "data.batch=0", "losses.l3.weight=1", "method.turns=both")
    assert said == [
        "mine.yaml:2: engine.log_every: 0 came, but a whole number above 0 is expected",
        "mine.yaml:4: seed: the key came twice, first in line 3; keep one of them",
        "mine.yaml:5: generator.dept: unknown key; did you mean depth?",
        "base.yaml:7: generator.width: 'wide' came, but a whole number above 0 is expected",
        "base.yaml:16: phases.main.epochs: 'ten' came, but a whole number above 0 is expected",
        "--set data.batch=0: data.batch: 0 came, but a whole number above 0 is expected",
        "--set losses.l3.weight=1: losses.l3: there is no losses.l3 to change; "
        "there are losses.gan, losses.l1; a new one comes whole: losses.l3={...}",
        "--set method.turns=both: method.turns: unknown key; paired knows use",
    ]


# Files that are not there, or not recipes; the first is named on the command line.
FILES: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "absent": (
        {},
        ["there is no file mine.yaml and no shipped recipe of that name; did you mean base.yaml?"],
    ),
    "empty": (
        {"mine": ""},
        ["mine.yaml:1: nothing came, but a recipe is expected: keys with their values, as seed: 0"],
    ),
    "a list": (
        {"mine": "- seed: 1"},
        [
            "mine.yaml:1: [a mapping] came, but a recipe is expected: keys with their "
            "values, as seed: 0"
        ],
    ),
    "extends what is absent": (
        {"mine": "seed: 1\nextends: bace.yaml"},
        [
            "mine.yaml:2: extends: there is no file bace.yaml and no shipped recipe of "
            "that name; did you mean base.yaml?"
        ],
    ),
    "extends two": (
        {"mine": "extends: [base.yaml, mine.yaml]"},
        [
            "mine.yaml:1: extends: ['base.yaml', 'mine.yaml'] came, but the name or path "
            "of one recipe is expected"
        ],
    ),
    "extends nothing": (
        {"mine": "extends: null"},
        ["mine.yaml:1: extends: null came, but the name or path of one recipe is expected"],
    ),
    "extends itself": (
        {"mine": "extends: mine.yaml"},
        [
            "mine.yaml:1: extends: the recipes extend each other in a circle: mine.yaml "
            "-> mine.yaml; remove one of the `extends`"
        ],
    ),
    "extends in a circle": (
        {"mine": "extends: a.yaml", "a": "seed: 1\nextends: b.yaml", "b": "extends: a.yaml"},
        [
            "b.yaml:1: extends: the recipes extend each other in a circle: a.yaml -> "
            "b.yaml -> a.yaml; remove one of the `extends`"
        ],
    ),
    "extends what is broken": (
        {"mine": "extends: a.yaml", "a": "seed: 1\nseed: [2"},
        ["a.yaml:2: broken YAML: the [ of line 2 has no ], or a comma is missing"],
    ),
    "says nothing": (
        {"mine": "seed: 1"},
        [
            "mine.yaml:1: data: is missing (where the samples come from); write data: "
            "{use: NAME, ...} with NAME one of folder",
            "mine.yaml:1: conditions: is missing (what the networks are shown, "
            "concatenated in this order); a mapping of names to {use: NAME, ...} is "
            "expected",
            "mine.yaml:1: method: is missing (which networks exist and who takes a turn "
            "in which order); write method: {use: NAME, ...} with NAME one of paired",
            "mine.yaml:1: generator: is missing (makes the picture); write generator: "
            "{use: NAME, ...} with NAME one of resnet, unet",
            "mine.yaml:1: losses: is missing (what the players learn from, by name); a "
            "mapping of names to {use: NAME, ...} is expected",
            "mine.yaml:1: optimizers: is missing (how each player steps); a mapping of "
            "names to {use: NAME, ...} is expected",
        ],
    ),
}


@pytest.mark.parametrize(("texts", "said"), FILES.values(), ids=FILES)
def test_files(
    complaints: Complaints, files: Callable[..., None], texts: dict[str, str], said: list[str]
) -> None:
    files(**texts)
    assert complaints() == said


def test_a_folder_is_no_recipe(complaints: Complaints) -> None:
    Path("runs").mkdir()
    assert complaints(recipe="runs") == [
        "runs is a folder; name a YAML file (a run goes on with gan-zoo resume)"
    ]


def test_text_in_another_encoding(complaints: Complaints) -> None:
    Path("mine.yaml").write_bytes("data: {root: Küche}".encode("latin-1"))
    assert complaints() == ["mine.yaml: the file is not UTF-8 text; save it as UTF-8"]
