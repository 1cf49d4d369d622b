"""The loop: what is said, called, kept and scored, and when."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.interfaces import Sample
from gan_zoo.components.measuring import Metric, MetricContext
from gan_zoo.components.watching import CallbackSpec, MetricSpec
from gan_zoo.errors import UserError
from gan_zoo.inference.loading import load
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.loop import Run
from gan_zoo.training.run import resume, train
from gan_zoo_generators.unet_specs import UNetSpec
from gan_zoo_methods.history import History
from gan_zoo_methods.paired import Paired


def test_it_says_what_will_be_done_and_how_long_it_will_take(
    few: Callable[..., Recipe], tmp_path: Path
) -> None:
    run = train(few(only={"steps": 12}), tmp_path / "run", reporter=Reporter(quiet=True))
    lines = [
        line[20:] if line[:2] == "20" else line for line in run.text_log.read_text().splitlines()
    ]
    *facts, started, phase, data, estimate, done, report = lines
    [example] = facts
    assert example.startswith("train: for example A/train/3rd-place-medal.png")
    assert started == f"{run.path}: cpu, float32, contiguous; seed 0"
    assert re.fullmatch(
        r"Phase only: 12 steps at 16x16, \d+ a pass over \d+ samples in batches of 2; learning "
        r"parameters: generator [\d,]+, discriminator \d+",
        phase,
    )
    assert "pairs in" in data
    assert re.fullmatch(r"  about \d+ s: 12 steps of \d+ ms, timed on the first batch .*", estimate)
    assert re.fullmatch(r"Done after 12 steps, \d+ s", done)
    assert report == f"Report: {run.path / 'report.html'}"


def test_a_run_s_folder_holds_what_it_should(few: Callable[..., Recipe], tmp_path: Path) -> None:
    recipe = few({"engine.log_every": 2, "engine.checkpoint_every": 2}, only={"steps": 5})
    run = train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    found = {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}
    state = {
        f"state/step-00000000{n}/{f}" for n in (4, 5) for f in ("state.json", "tensors.safetensors")
    }
    weights = {
        f"weights/latest/{f}"
        for f in ("about.json", "generator.safetensors", "discriminator.safetensors")
    }
    files = {
        "recipe.yaml",
        "origins.txt",
        "plugins.json",
        "environment.json",
        "run.json",
        "data.json",
        "report.html",
    }
    assert found == files | {"log.jsonl", "log.txt", "state/lock"} | state | weights
    log = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert [line["step"] for line in log] == [2, 4, 5]  # the last one always
    assert set(log[0]) == {"step", "phase", "epoch", "losses", "rates", "seconds", "wait"}
    assert set(log[-1]) == {*log[0], "memory"}
    assert log[-1]["memory"]["process_bytes"] > 1e8  # torch alone is more
    assert log[0]["rates"] == {"generator": 2e-4, "discriminator": 2e-4}
    assert run.recipe() == recipe


SCORES = iter([3.0, 1.0, float("nan"), 2.0])


class Scripted:
    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None: ...

    def compute(self) -> float:
        return next(SCORES)


class ScriptedSpec(MetricSpec, name="scripted"):
    def build(self, at: MetricContext) -> Metric:
        return Scripted()


class Pairs:
    """The first samples of a split, so that an epoch is short."""

    def __init__(self, dataset: Any, count: int) -> None:
        self.dataset, self.count = dataset, count

    def __len__(self) -> int:
        return self.count

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dataset, name)


def test_the_best_weights_are_those_of_the_best_score(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation = {"split": "val", "metrics": {"l1": {"use": "l1"}}, "best": "l1"}
    recipe = few({"validation": validation}, only={"epochs": 4})
    assert recipe.validation is not None
    watched = recipe.validation.model_copy(update={"metrics": {"l1": ScriptedSpec()}})
    recipe = recipe.model_copy(update={"validation": watched})
    whole = Run.dataset
    monkeypatch.setattr(Run, "dataset", lambda run, split: Pairs(whole(run, split), 3))
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: recipe)
    run = train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    about = json.loads((run.path / "weights/best/about.json").read_text())
    assert about == {"phase": "only", "step": 4, "l1": 1.0}
    best, latest = (
        load_file(run.path / f"weights/{name}/generator.safetensors") for name in ("best", "latest")
    )
    assert any(not torch.equal(best[key], latest[key]) for key in best)
    logged = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert [line["step"] for line in logged if "validation" in line] == [2, 4, 6, 8]


def test_a_phase_may_set_how_it_computes(few: Callable[..., Recipe], tmp_path: Path) -> None:
    double = {"steps": 1, "set": {"engine.precision": "float64"}}
    recipe = few(one={"steps": 1}, two=double)
    run = train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    kept = load_file(run.path / "weights/latest/generator.safetensors")
    assert {t.dtype for t in kept.values() if t.is_floating_point()} == {torch.float64}


def test_resume_says_what_has_changed(few: Callable[..., Recipe], tmp_path: Path) -> None:
    run = train(few(only={"steps": 2}), tmp_path / "run", steps=1, reporter=Reporter(quiet=True))
    file = run.path / "environment.json"
    told = json.loads(file.read_text())
    told["packages"]["torch"] = "2.0.0"
    told["computing"]["auto"]["precision"] = "bfloat16"  # what auto meant where it was started
    file.write_text(json.dumps(told))
    before = run.text_log.read_text()
    resume(run.path, reporter=Reporter(quiet=True))
    said = run.text_log.read_text().removeprefix(before)
    assert "Since the start changed: torch 2.0.0 -> " in said
    assert "cpu, bfloat16, contiguous" in said


def test_an_existing_folder_is_refused_before_anything_is_built(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipe.yaml").write_text("")
    monkeypatch.setattr("gan_zoo.training.state.assemble", None)
    with pytest.raises(UserError, match="gan-zoo resume"):
        train(few(only={"steps": 1}), tmp_path)


def test_a_run_in_another_thread_leaves_signals_to_the_caller(
    few: Callable[..., Recipe], tmp_path: Path
) -> None:
    import threading

    done: list[Path] = []
    recipe = few(only={"steps": 1})
    work = threading.Thread(
        target=lambda: done.append(
            train(recipe, tmp_path / "r", reporter=Reporter(quiet=True)).path
        )
    )
    work.start()
    work.join()
    assert done == [tmp_path / "r"]


def kept(run: RunFolder) -> dict[str, Any]:
    """The last losses that were logged of every step, and the weights to the byte."""
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    losses = {line["step"]: line["losses"] for line in lines if "losses" in line}
    files = sorted((run.path / "weights").rglob("*.safetensors"))
    return {"losses": losses, **{file.name: file.read_bytes() for file in files}}


def test_the_end_of_a_run_can_be_lifted_to_the_same_numbers(
    few: Callable[..., Recipe], tmp_path: Path
) -> None:
    phases: dict[str, Any] = {"one": {"steps": 7}, "two": {"steps": 5}}
    quiet = Reporter(quiet=True)
    recipe = few({"engine.log_every": 1}, **phases)
    whole = train(recipe, tmp_path / "whole", reporter=quiet)
    run = train(recipe, tmp_path / "run", steps=5, reporter=quiet)
    before = kept(run)
    goes_on = f"gan-zoo resume {run.path} --steps all goes on"
    resume(run.path, reporter=quiet)  # ends there, as it was told to
    assert run.text_log.read_text().count(f"Ended at --steps 5 of 12; {goes_on}") == 2
    assert kept(run) == before
    resume(run.path, steps=7, reporter=quiet)  # just where a phase ends
    assert f"Ended at --steps 7 of 12; {goes_on}" in run.text_log.read_text()
    assert run.settings()["steps"] == 7
    with pytest.raises(UserError, match=r"--steps 6: .* is at step 7"):
        resume(run.path, steps=6, reporter=quiet)
    assert run.settings()["steps"] == 7
    resume(run.path, steps="all", reporter=quiet)
    assert run.settings()["steps"] is None
    assert "Done after 12 steps" in run.text_log.read_text()
    assert kept(run) == kept(whole)
    assert list(kept(run)["losses"]) == list(range(1, 13))


def test_a_run_shorter_than_a_line_of_the_log_has_losses(
    few: Callable[..., Recipe], tmp_path: Path
) -> None:
    phases: dict[str, Any] = {"one": {"steps": 2}, "two": {"steps": 9}}
    recipe = few({"engine.log_every": 100}, **phases)
    run = train(recipe, tmp_path / "run", steps=5, reporter=Reporter(quiet=True))
    log = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert [(line["step"], line["phase"]) for line in log] == [(2, "one"), (5, "two")]
    assert all(line["losses"]["G_L1"] > 0 for line in log)


class Breaks:
    """Fails at the end of the first phase as long as it is told to."""

    broken = True
    ended: ClassVar[list[str]] = []

    @hookimpl
    def on_phase_end(self, run: Run) -> None:
        if Breaks.broken:
            raise ZeroDivisionError
        self.ended.append(f"{run.position.phase} {run.position.step}")


class BreaksSpec(CallbackSpec, name="breaks"):
    def build(self) -> object:
        return Breaks()


def test_what_fails_at_the_end_of_a_phase_costs_no_step_and_is_called_again(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases: dict[str, Any] = {"one": {"steps": 3}, "two": {"steps": 1}}
    recipe = few(**phases)
    whole = train(recipe, tmp_path / "whole", reporter=Reporter(quiet=True))
    recipe = recipe.model_copy(update={"callbacks": {"breaks": BreaksSpec()}})
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: recipe)
    monkeypatch.setattr("gan_zoo.runs.folder.describe_origins", lambda *_: "")
    monkeypatch.setattr("gan_zoo.recipe.text.write", lambda _: "")
    with pytest.raises(ZeroDivisionError):
        train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    monkeypatch.setattr(Breaks, "broken", False)
    run = resume(tmp_path / "run", reporter=Reporter(quiet=True))
    assert Breaks.ended == ["one 3", "two 4"]
    assert kept(run) == kept(whole)


class Counting(Paired):
    """Remembers how many pictures it made, and what it saw last."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.count, self.seen_last = torch.zeros((), dtype=torch.int64), torch.zeros(2)

    def step(self, scenes: Any, turn: Any) -> None:
        super().step(scenes, turn)
        self.count += len(scenes)
        self.seen_last = scenes[-1]["target"].mean().expand(2).clone()

    def state(self) -> dict[str, Any]:
        return {"count": self.count, "pool": {"last": self.seen_last, "size": 2}}

    def restore(self, state: Any) -> None:
        assert state["pool"]["size"] == 2
        self.count, self.seen_last = state["count"], state["pool"]["last"]


def test_what_a_method_remembers_is_in_the_checkpoint(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Counting] = []

    def build(spec: Any, recipe: Recipe) -> Counting:
        names = list(recipe.conditions)
        made.append(
            Counting(
                conditions=names,
                seen=names,
                judged=True,
                turns="alternate",
                history=History(0, exact=False, seen=names, again={}),
            )
        )
        return made[-1]

    recipe = few(only={"steps": 12})  # enough to be timed first, which nothing may remember
    monkeypatch.setattr(type(recipe.method), "build", build)
    train(recipe, tmp_path / "whole", reporter=Reporter(quiet=True))
    run = train(recipe, tmp_path / "run", steps=5, reporter=Reporter(quiet=True))
    resume(run.path, steps="all", reporter=Reporter(quiet=True))
    whole, half, resumed = made
    assert [int(method.count) for method in made] == [12, 5, 12]
    assert torch.equal(whole.seen_last, resumed.seen_last)
    assert not torch.equal(half.seen_last, resumed.seen_last)


class Negative(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.network(x)
        return -made


def test_what_is_staged_translates(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(few(only={"steps": 1}), tmp_path / "run", reporter=Reporter(quiet=True))
    picture = torch.linspace(-1, 1, 256).reshape(1, 16, 16)
    before = load(run.path, device="cpu")(picture)
    monkeypatch.setattr(UNetSpec, "playing_part", lambda spec, module: Negative(module))
    assert torch.equal(load(run.path, device="cpu")(picture), -before)
