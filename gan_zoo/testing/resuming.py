"""What holds for methods and callbacks over the steps of a run, and where one is cut in two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pluggy
import torch
from torch import Tensor

from gan_zoo.components.hooks import GROUP
from gan_zoo.components.learning import MethodSpec
from gan_zoo.components.lifecycle import Lifecycle
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.errors import ContractError
from gan_zoo.recipe.engine_words import Engine
from gan_zoo.recipe.model import Phase
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.testing.fixtures import PLAIN, batches_of, example_data, recipe_for_conditions
from gan_zoo.testing.methods import compare, recipe_for
from gan_zoo.testing.options import variants
from gan_zoo.testing.stand_ins import SourceSpec
from gan_zoo.testing.subject import Advice, NotAtHand, Subject, check, trying
from gan_zoo.training.loop import Run

STEPS = 4  # of a run; it is cut after half of them


@check("method")
def equal_steps_from_one_seed(subject: Subject) -> None:
    """Chance comes from torch's default generator, and every build() begins afresh."""
    method: MethodSpec = subject.ready()
    for label, spec in [("example()", method), *variants(method, subject.zoo)]:
        recipe = _world_of(subject, spec)
        if recipe is not None:
            ours, theirs = (_played(recipe, 2)[0] for _ in range(2))
            compare(
                ours,
                theirs,
                f"built it twice and took 2 steps from the same seed ({label})",
                "draw with torch functions, and keep what you remember in the object that build() "
                "makes",
                exact=True,
            )


@check("method")
def state_survives_a_round_trip(subject: Subject) -> None:
    """Two steps, resume, two steps: the same numbers as four steps, to the bit."""
    method: MethodSpec = subject.ready()
    for label, spec in [("example()", method), *variants(method, subject.zoo)]:
        recipe = _world_of(subject, spec)
        if recipe is None:
            continue
        done = f"took 2 steps, resumed from a checkpoint and took 2 more ({label})"
        cure = "give the method state() and restore(): nested mappings of tensors and plain numbers"
        with trying(done, expected="the same weights as 4 steps make", cure=cure):
            whole, halved = _played(recipe, 4)[0], _resumed(recipe)
        compare(whole, halved, done, cure, exact=True)


# ---------------------------------------------------------------------------------- callbacks


@check("callback")
def hooks_are_of_the_lifecycle(subject: Subject) -> None:
    """Its hook implementations exist in the lifecycle, with arguments that are there."""
    callback: CallbackSpec = subject.ready()
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Lifecycle)
    done = "registered what build() makes with the lifecycle"
    known = [name for name in vars(Lifecycle) if name.startswith("on_")]
    with trying(
        done,
        expected=f"hooks out of {', '.join(known)}, with their arguments",
        cure="see gan_zoo.components.Lifecycle for the names",
    ):
        made: Any = callback.build()
        manager.register(made, "tested")
        manager.check_pending()
    if not manager.get_hookcallers(made):
        raise Advice(
            done,
            came="no hook implementation",
            expected=f"at least one of {', '.join(known)}",
            cure="mark the methods with @hookimpl from gan_zoo.components",
        )
    if callback.build() is made:
        raise Advice(
            "built it twice",
            came="the same object",
            expected="one for each run",
            cure="make a new object in build()",
        )


@check("callback")
def watching_moves_nothing(subject: Subject) -> None:
    """A run has the same weights with it and without it."""
    spec: CallbackSpec = subject.ready()
    done = f"trained {STEPS} steps without it and with it"
    cure = "watch only: change no weight, and draw chance inside torch.random.fork_rng()"
    with TemporaryDirectory() as folder:
        alone = _run(_watched(subject, {}), Path(folder) / "alone", STEPS)
        watched = _watching(subject, spec, Path(folder))
        drawn = [_saved(run)["generators"]["cpu"] for run in (alone, watched)]
    compare(alone.assembly, watched.assembly, done, cure, exact=True)
    if not torch.equal(*drawn):
        raise Advice(
            done,
            came="torch's generator stands elsewhere with it",
            expected="the same chance for the networks: a watcher changes no number of a run",
            cure=cure,
        )


@check("callback")
def a_resumed_run_ends_alike(subject: Subject) -> None:
    """Two steps, resume, two steps: what it remembers and keeps is what four steps make."""
    spec: CallbackSpec = subject.ready()
    done = f"trained {STEPS // 2} steps, resumed and trained {STEPS // 2} more"
    cure = (
        "remember in state() and take it back in restore(): nested mappings of tensors and plain "
        "numbers; keep nothing elsewhere"
    )
    recipe = _watched(subject, {"tested": spec})
    with TemporaryDirectory() as folder:
        whole = _watching(subject, spec, Path(folder))
        cut = Path(folder) / "cut"
        with trying(done, expected="a run that goes on", cure=cure):
            _run(recipe, cut, STEPS // 2)
            resumed = _run(recipe, cut, STEPS)
        ours, theirs = (_remembered(run, spec.keeps) for run in (whole, resumed))
    different = [key for key in ours | theirs if not _same(ours.get(key), theirs.get(key))]
    if different:
        raise Advice(
            f"{done}, and compared it with one that was never cut",
            came=f"{different[0]} is not the same",
            expected="equal numbers to the bit",
            cure=cure,
        )


def _watching(subject: Subject, spec: CallbackSpec, folder: Path) -> Run:
    with trying(
        f"trained {STEPS} steps of a tiny recipe with it",
        expected="a run",
        cure="ask the run only for what gan_zoo.components.Run has; what it needs more, say in "
        "splits() and missing()",
    ):
        return _run(_watched(subject, {"tested": spec}), folder / "watched", STEPS)


def _watched(subject: Subject, callbacks: Mapping[str, CallbackSpec]) -> Recipe:
    """A recipe of stand-ins, one epoch long."""
    for data in example_data(subject.zoo):
        try:
            recipe = recipe_for_conditions(subject.zoo, data, {"picture": SourceSpec()})
        except (ContractError, KeyError):
            continue
        return recipe.model_copy(
            update={
                "callbacks": dict(callbacks),
                "data": data.model_copy(update={"batch": 2, "workers": 0}),
                "phases": {"main": Phase(steps=STEPS)},
                "engine": Engine(device="cpu", precision="float64", memory_format="contiguous"),
            }
        )
    raise NotAtHand("no installed method plays with stand-ins; install gan-zoo's own")


def _run(recipe: Recipe, folder: Path, last_step: int) -> Run:
    """A run to that step: from its start, or from what the folder holds."""
    folder.mkdir(exist_ok=True)
    run = Run(
        WiredRecipe(recipe), RunFolder(folder), PLAIN, Reporter(quiet=True), last_step=last_step
    )
    if checkpoint.saved(run.dir.state):
        run.restore()
    else:
        run.enter(run.position.phase)
    run.go()
    return run


def _remembered(run: Run, keeps: str) -> dict[str, Any]:
    """What the callback wrote into the last checkpoint, and the networks that it keeps."""
    made = dict(_named(_saved(run).get("callbacks", {}).get("tested", {}), "state()"))
    for file in sorted((run.dir.path / "weights" / keeps).glob("*.safetensors") if keeps else ()):
        made |= _named(run.dir.load_weights(keeps, file.stem), f"weights/{keeps}/{file.stem}")
    return made


def _saved(run: Run) -> dict[str, Any]:
    """What its last checkpoint holds."""
    return checkpoint.load(checkpoint.saved(run.dir.state)[0])[1]


def _named(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """What lies in nested mappings, by its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named(inner, f"{name} {key}")
    else:
        yield name, value


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Tensor) and isinstance(theirs, Tensor):
        return torch.equal(ours, theirs)
    return type(ours) is type(theirs) and bool(ours == theirs)


# ---------------------------------------------------------------------------------- steps


def _world_of(subject: Subject, spec: MethodSpec) -> Recipe | None:
    """The world of other options; None where nothing installed can play or teach them."""
    try:
        return recipe_for(subject.around(spec))
    except (Advice, NotAtHand):
        if spec is subject.example:
            raise
        return None


def _played(recipe: Recipe, steps: int) -> tuple[Assembly, PhaseRunner]:
    """What has become of a recipe after some steps, each with a seed of its own."""
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, next(iter(recipe.phases)), PLAIN)
    runner.begin()
    _go_on(runner, range(steps))
    return assembly, runner


def _go_on(runner: PhaseRunner, steps: range) -> None:
    batches = batches_of(runner.recipe, steps.stop)
    for number in steps:
        torch.manual_seed(number)
        runner.step([batches[number]], number)


def _resumed(recipe: Recipe) -> Assembly:
    """Four steps with a checkpoint after two, from which another process would go on."""
    first, _ = _played(recipe, 2)
    method: Any = first.method
    state = method.state() if hasattr(method, "state") else {}
    with TemporaryDirectory() as folder:
        path = checkpoint.save(Path(folder), Position("main"), {"method": state})
        kept = checkpoint.load(path)[1].get("method", {})
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, next(iter(recipe.phases)), PLAIN)
    runner.begin()
    for name, network in assembly.networks.items():
        network.load_state_dict(first.networks[name].state_dict())
    if hasattr(assembly.method, "restore"):
        assembly.method.restore(kept)
    _go_on(runner, range(2, 4))
    return assembly
