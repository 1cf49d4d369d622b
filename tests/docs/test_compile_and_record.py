"""The page's tables: every line that they quote is what is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.checks.contracts import contracts
from gan_zoo.engine import compiling, settling, step_graph
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.settling import refuse_graphs, settle
from gan_zoo.engine.step_graph import WARM
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from tests.engine.conftest import TINY, maps
from tests.engine.test_compiled import ForeignSpec
from tests.engine.test_step_graph import restless

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compile-and-record.md"
FREE = {"data.load": None, "data.crop": None}
pytestmark = pytest.mark.usefixtures("programs")

COMPILED, RECORDED = {"engine.compile": "networks"}, {"engine.graphs": "on"}


def rows(heading: str) -> dict[str, list[str]]:
    """What -> the lines that are quoted, of the table below a heading that says some."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "what":
            found[cells[0]] = re.findall(r"`([^`]+)`", cells[-1])
    return found


def tiny(words: dict[str, Any]) -> Recipe:
    return Recipe.load("pix2pix", set={**TINY, "phases.only": {"steps": 4}, **words})


def said(recipe: Recipe) -> str:
    """What settling the recipe's steps says, or why it is refused."""
    runner = PhaseRunner(assemble(recipe), "only", Precision.of(**recipe.engine.computing))
    runner.begin()
    batches = [maps(n) for n in range(recipe.engine.accumulate)]
    try:
        lines = settle(runner, batches).lines
        for number in range(2 + WARM):
            runner.step(batches, number)
    except UserError as problem:
        return str(problem)
    return "\n".join(lines)


def broken(*_: Any) -> None:
    raise AssertionError("no such stride")


def foreign(monkeypatch: pytest.MonkeyPatch) -> str:
    return said(tiny(COMPILED).model_copy(update={"generator": ForeignSpec(how="breaks")}))


def failing(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(compiling, "BACKEND", broken)
    return said(tiny(COMPILED))


def plain(words: dict[str, Any]) -> Callable[[pytest.MonkeyPatch], str]:
    return lambda _: said(tiny(words))


COMPILING: dict[str, Callable[[pytest.MonkeyPatch], str]] = {
    "data without one size (`data.crop: null`)": plain({**COMPILED, **FREE}),
    "`engine.recompute: [generator]`": plain({**COMPILED, "engine.recompute": ["generator"]}),
    "a network that asks for numbers, prints, or calls what torch cannot follow": foreign,
    "torch's compiler fails": failing,
    "gradients of gradients (`gradient_penalty`, `r1`), pictures for previews and scores": plain(
        {**COMPILED, "losses.penalty": {"use": "r1"}}
    ),
}


def test_a_penalty_s_pass_is_not_compiled() -> None:
    """It makes no more programs than there are without."""
    said(tiny(COMPILED))
    before = compiling.count().graphs
    said(tiny({**COMPILED, "losses.penalty": {"use": "r1"}}))
    assert compiling.count().graphs == before > 0


@pytest.mark.parametrize("what", COMPILING)
def test_what_goes_on_without_the_compiler(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows("What goes on without the compiler")
    assert set(COMPILING) == set(table)
    told = COMPILING[what](monkeypatch)
    assert len(told.splitlines()) in (1, 2)
    assert [line for line in table[what] if line not in told] == []


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delitem(step_graph.RECORDERS, "cpu")
    with pytest.raises(UserError) as caught:
        refuse_graphs(WiredRecipe(tiny(RECORDED)).phase("only"), torch.device("cpu"))
    return str(caught.value)


def contract(words: dict[str, Any]) -> Callable[[pytest.MonkeyPatch], str]:
    def tell(_: pytest.MonkeyPatch) -> str:
        with pytest.raises(UserError) as caught:
            contracts(tiny({**RECORDED, **words}))
        return str(caught.value)

    return tell


def slow_optimizer(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("gan_zoo.engine.precision.ONE_PASS", ())
    return said(tiny(RECORDED))


def own(*hows: str) -> Callable[[pytest.MonkeyPatch], str]:
    return lambda _: "\n".join(said(restless(tiny(RECORDED), how)) for how in hows)


def waits(monkeypatch: pytest.MonkeyPatch) -> str:
    """As a GPU tells it, before the first step."""

    @contextmanager
    def refusing(device: torch.device) -> Iterator[None]:
        yield
        raise RuntimeError("called a synchronizing CUDA operation")

    monkeypatch.setattr(settling, "_no_waiting", refusing)
    return said(restless(tiny(RECORDED), "waits"))


RECORDING: dict[str, Callable[[pytest.MonkeyPatch], str]] = {
    "no GPU": elsewhere,
    "`engine.precision: float16`": contract({"engine.precision": "float16"}),
    "`engine.recompute`": contract({"engine.recompute": ["generator"]}),
    "`engine.accumulate` with `method.turns: alternate`": plain(
        {**RECORDED, "engine.accumulate": 2}
    ),
    "`method.pool`": plain({**RECORDED, "method.pool": 3}),
    "data without one size": plain({**RECORDED, **FREE}),
    "an optimizer that is not torch's Adam, AdamW or SGD": slow_optimizer,
    'a loss that reads `scene["step"]`': own("step"),
    "a component that draws or counts in Python": own("draws", "counts"),
    "a component that waits for the device, as by `.item()`": waits,
}


@pytest.mark.parametrize("what", RECORDING)
def test_what_is_not_recorded(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows("What is not recorded")
    assert set(RECORDING) == set(table)
    told = RECORDING[what](monkeypatch)
    assert table[what]
    assert [line for line in table[what] if line not in told] == []
