"""Runs whose networks are compiled, and whose steps are recorded: said, kept, and the same to the
bit where they were stopped and went on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.engine import compiling, step_graph
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.compiled_code import code_file, read_compiled
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.preparing import made_by
from gan_zoo.training.run import resume, train
from tests.engine.tape import TapeRecorder

Make = Callable[..., Recipe]
STILL = "The last digits may differ from those of a run that was never stopped"
PHASES: dict[str, Any] = {
    "first": {"steps": 6, "train": ["discriminator"]},
    "second": {"steps": 9, "schedule": {"hold": 1, "fall": 2}},
}


@pytest.fixture(autouse=True)
def quick(programs: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What compiles takes no time, and the cache is one's own."""
    monkeypatch.setattr(compiling, "BACKEND", "eager")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))


def trained(recipe: Recipe, out: Path, **more: Any) -> RunFolder:
    return train(recipe, out, reporter=Reporter(quiet=True), report=False, **more)


def gone_on(run: RunFolder, **more: Any) -> RunFolder:
    return resume(run.path, reporter=Reporter(quiet=True), report=False, **more)


def weights(run: RunFolder) -> dict[str, Tensor]:
    networks = ("generator", "discriminator")
    return {
        f"{network}.{name}": tensor
        for network in networks
        for name, tensor in run.load_weights("latest", network).items()
    }


def assert_equal(ours: RunFolder, theirs: RunFolder) -> None:
    assert losses(ours) == losses(theirs)
    for name, tensor in weights(theirs).items():
        assert torch.equal(weights(ours)[name], tensor), name


def losses(run: RunFolder) -> list[Any]:
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    return [(line["step"], line["losses"]) for line in lines]


def said(run: RunFolder) -> list[str]:
    return [line[20:] for line in run.text_log.read_text().splitlines() if line[:2] == "20"]


WORDS = {
    "compiled": {"engine.compile": "networks"},
    "recorded": {"engine.graphs": "on"},
}


@pytest.mark.parametrize("how", WORDS)
def test_a_run_that_was_stopped_is_the_run_to_the_bit(
    few: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    every = {"engine.log_every": 1, **WORDS[how]}
    recorded: list[TapeRecorder] = []
    monkeypatch.setitem(
        step_graph.RECORDERS, "cpu", lambda at: recorded.append(TapeRecorder(at)) or recorded[-1]
    )
    whole = trained(few(every, **PHASES), tmp_path / "whole")
    assert [len(one.tapes) for one in recorded] == ([1, 1] if how == "recorded" else [])
    plain = trained(few({"engine.log_every": 1}, **PHASES), tmp_path / "plain")
    assert_equal(whole, plain)
    stopped = trained(few(every, **PHASES), tmp_path / "stopped", steps=4)
    gone_on(stopped, steps=13)
    assert_equal(gone_on(stopped, steps="all"), whole)


def test_what_was_compiled_is_said_and_kept(few: Make, tmp_path: Path) -> None:
    recipe = few({"engine.compile": "networks"}, only={"steps": 3})
    run = trained(recipe, tmp_path / "run", steps=2)
    (line,) = [line.strip() for line in said(run) if "Compiled" in line]
    assert line.startswith("Compiled generator, discriminator in ")
    assert line.endswith(" s (3 graphs)")
    kept = read_compiled(run.path)["only"]
    assert (kept.parts, kept.graphs) == (("generator", "discriminator"), 3)
    assert kept.made_by == made_by(torch.device("cpu"))
    gone_on(run, steps="all")
    assert read_compiled(run.path) == {"only": kept}
    assert not [line for line in said(run) if STILL in line]


def test_steps_that_are_recorded_are_said(few: Make, tmp_path: Path) -> None:
    run = trained(few({"engine.graphs": "on"}, only={"steps": 2}), tmp_path / "run")
    assert "  Steps are recorded as a graph once they have come three times" in said(run)
    assert not (run.path / "compiled.json").exists()


def test_what_could_not_be_compiled_is_not_tried_again(
    few: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise AssertionError("no such stride")

    recipe = few({"engine.compile": "networks"}, only={"steps": 3})
    with monkeypatch.context() as patch:
        patch.setattr(compiling, "BACKEND", broken)
        run = trained(recipe, tmp_path / "run", steps=2)
    assert read_compiled(run.path)["only"].parts == ()
    gone_on(run, steps="all")
    told = [line.strip() for line in said(run) if "compiled" in line]
    assert told == [
        "Nothing is compiled, since torch cannot (AssertionError: no such stride)",
        "Nothing is compiled, as at the start",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": "0" * 64}, "Compiled anew: {code} is not there any more"),
        ({"torch": "2.0.0"}, "Compiled anew, since torch was 2.0.0 and is {torch}"),
        ({"parts": ["generator"]}, "At the start were compiled: generator"),
    ],
    ids=["no code", "another torch", "other parts"],
)
def test_what_is_not_as_it_was_is_said(
    few: Make, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    run = trained(few({"engine.compile": "networks"}, only={"steps": 3}), tmp_path / "run", steps=2)
    path = run.path / "compiled.json"
    kept = json.loads(path.read_text())
    one = kept["only"]
    one["made_by"] |= {name: change[name] for name in change if name == "torch"}
    one |= {name: change[name] for name in change if name != "torch"}
    one["code"] = one["code"] or "1" * 64  # as a compiler makes it that keeps some
    path.write_text(json.dumps(kept))
    code_file("1" * 64).parent.mkdir(parents=True, exist_ok=True)
    gone_on(run, steps="all")
    wanted = told.format(code=code_file("0" * 64), torch=torch.__version__)
    assert any(line.strip() == f"{wanted}. {STILL}" for line in said(run))


def test_a_damaged_file_is_told(few: Make, tmp_path: Path) -> None:
    run = trained(few({"engine.compile": "networks"}, only={"steps": 3}), tmp_path / "run", steps=2)
    (run.path / "compiled.json").write_text('{"only": 1}')
    with pytest.raises(UserError, match=r"compiled\.json is damaged \(TypeError: .*\); delete it"):
        gone_on(run, steps="all")


def test_a_resume_that_cannot_compile_is_told_and_the_next_one_may(
    few: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise AssertionError("no such stride")

    run = trained(few({"engine.compile": "networks"}, only={"steps": 4}), tmp_path / "run", steps=2)
    kept = read_compiled(run.path)
    with monkeypatch.context() as patch:
        patch.setattr(compiling, "BACKEND", broken)
        gone_on(run, steps=3)
    assert read_compiled(run.path) == kept
    told = [line.strip() for line in said(run)]
    assert f"At the start were compiled: generator, discriminator. {STILL}" in told
    gone_on(run, steps="all")
    assert len([line for line in said(run) if "Compiled generator, discriminator" in line]) == 2


def test_a_device_that_records_nothing_is_refused_before_anything_is_made(
    few: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(step_graph.RECORDERS, "cpu")
    recorded = {"steps": 2, "set": {"engine": {"graphs": "on"}}}
    recipe = few(first={"steps": 2}, second=recorded)
    told = r"engine.graphs: on came, and the run is to compute on cpu, which cannot record a step"
    with pytest.raises(UserError, match=told):
        trained(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_with_torch_s_own_compiler_a_resume_is_equal_to_the_bit(
    few: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiled code is kept in the cache, found again, and missed where it was taken away."""
    monkeypatch.setattr(compiling, "BACKEND", "inductor")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    every = {"engine.log_every": 1, "engine.compile": "networks"}
    whole = trained(few(every, **PHASES), tmp_path / "whole")
    stopped = trained(few(every, **PHASES), tmp_path / "stopped", steps=8)
    kept = read_compiled(stopped.path)
    assert all(one.code is not None and code_file(one.code).is_file() for one in kept.values())
    gone_on(stopped, steps=12)
    assert not [line for line in said(stopped) if STILL in line]
    code_file(str(kept["second"].code)).unlink()
    assert_equal(gone_on(stopped, steps="all"), whole)
    assert [line for line in said(stopped) if "is not there any more" in line]
