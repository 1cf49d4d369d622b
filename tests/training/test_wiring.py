"""Between the command line and the first step a recipe is judged once, and wired once a phase."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.components import Parts, Wiring
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo_methods.specs import PairedSpec
from tests.cli.conftest import Command

contracts_of: Any = import_module("gan_zoo.checks.contracts")  # not the function
RECIPE = """\
extends: quickstart
data: {workers: 0}
generator: {width: 4, depth: 4}
discriminator: {width: 4}
validation: null
callbacks: null
phases:
  main: null
  small: {steps: 1, size: [16, 16]}
  large: {steps: 1, size: [32, 32]}
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The size of every wiring, and a word for each judging and each step, as they come."""
    found: list[Any] = []
    wire, mistakes, step = PairedSpec.wire, contracts_of._mistakes, PhaseRunner.step

    def wired(self: PairedSpec, parts: Parts) -> Wiring:
        found.append(parts.size)
        return wire(self, parts)

    def judged(*given: Any) -> Any:
        found.append("judged")
        return mistakes(*given)

    def stepped(self: PhaseRunner, *given: Any) -> Any:
        found.append("step")
        return step(self, *given)

    monkeypatch.setattr(PairedSpec, "wire", wired)
    monkeypatch.setattr(contracts_of, "_mistakes", judged)
    monkeypatch.setattr(PhaseRunner, "step", stepped)
    return found


def test_a_run_judges_once_and_wires_once_a_phase(
    zoo: Command, asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(RECIPE)
    said = zoo("run", "two.yaml", "--out", "run")
    assert said.code == 0, said.err
    assert asked == ["judged", None, (16, 16), (32, 32), "step", "step"]


def test_a_resumed_run_wires_what_it_plays(
    zoo: Command, asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was judged when it began: the checkpoint fits what was built then."""
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(RECIPE)
    assert zoo("run", "two.yaml", "--out", "run", "--steps", "1").code == 0
    asked.clear()
    assert zoo("resume", "run", "--steps", "all").code == 0
    assert asked.count("judged") == 0
    assert asked.count(None) == 1
    assert asked.count((32, 32)) == 1
