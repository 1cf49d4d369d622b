"""Making one run of an ablation: trained, or gone on with, then scored. Importing this is free of
torch; making a run is not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from gan_zoo.ablation.file import Score
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.keys import counted, fingerprint, key_of
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.components.at_hand import read_once
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe, change_source, read_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder


@read_once()
def make_run(folder: AblationFolder, key: str, reporter: Reporter | None = None) -> Result:
    """Make a run: train it, or go on with it where it was cut, and score it. One that is done is
    left as it is.

    Args:
        folder: Of the ablation.
        key: Of the run.
        reporter: Where progress is told.

    Raises:
        UserError: no such key, its recipe, data or plugins are not those of the plan any more, or
            as `train`, `resume` and `evaluate`.
        NonFinite, Interrupted, OSError: as `train`.
    """
    if (done := folder.result(key)) is not None:
        return done
    from gan_zoo.evaluation.scores import evaluate
    from gan_zoo.training.run import resume, train

    reporter = reporter or Reporter()
    plan = folder.plan()
    path, score = folder.run(key), Score.model_validate(plan.score)
    source, wired = _recipe(folder, plan, key)
    _refuse_other(folder, plan, key, wired, score)
    _take_threads(plan)
    if _is_begun(path, wired):
        resume(path, reporter=reporter)
    else:
        train(wired, path, source=source, reporter=reporter)
    scores = evaluate(
        path,
        split=score.split,
        metrics=score.metrics,
        weights=score.weights,
        device=plan.device,
        reporter=reporter,
    )
    run = plan.runs[key]
    result = Result(key, run.variant, run.seed, scores, read_costs(path / "log.jsonl"))
    folder.write_result(result)
    return result


def prepare_judges(folder: AblationFolder, reporter: Reporter | None = None) -> None:
    """Let metrics make what takes long, as the training of a judge, before the first run starts:
    runs that start at once would each make it. It is kept in this user's cache, so every machine
    does so for itself.

    Args:
        folder: Of the ablation.
        reporter: Told what takes long.

    Raises:
        UserError: the data cannot be read, or the cache cannot be written.
    """
    from gan_zoo.evaluation.measurement import build_metrics, describe_context

    plan, say = folder.plan(), (reporter or Reporter()).say
    score, device = Score.model_validate(plan.score), _device(plan)
    built: list[Any] = []
    waiting = [run.variant for key, run in plan.runs.items() if not folder.is_done(key)]
    for variant in dict.fromkeys(waiting):
        recipe = parse(Recipe, read_source(folder.resolved(variant)), None)
        wired = WiredRecipe(recipe)
        asked = [([*recipe.phases][-1], score.split, score.metrics)]
        if recipe.validation is not None:
            own = recipe.validation
            asked += [(name, own.split, own.metrics) for name in recipe.phases]
        for name, split, metrics in asked:
            phase = wired.phase(name)
            about = (phase.recipe.data, phase.phase.size, split, metrics)
            if about not in built:
                built.append(about)
                build_metrics(metrics, describe_context(phase, None, device, say, split=split))


def _device(plan: Plan) -> str:
    """Where judges are made: as runs are, or with what is here where those are made elsewhere."""
    from gan_zoo.engine.precision import pick_device

    try:
        return str(pick_device(plan.device))
    except UserError:
        return str(pick_device("auto"))


def read_costs(log: Path) -> Costs:
    """What a run took, by its log.jsonl: whatever befell it, a step has one line there."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    paces = [*_paces(lines)]
    memory = [line["memory"] for line in lines if "memory" in line]

    def most(name: str) -> int | None:
        return max((told[name] for told in memory if name in told), default=None)

    return Costs(
        seconds=round(sum(steps * seconds for steps, seconds in paces), 3),
        seconds_a_step=median(seconds for _, seconds in paces) if paces else None,
        device_bytes=most("device_bytes"),
        process_bytes=most("process_bytes"),
    )


def _paces(lines: list[Mapping[str, Any]]) -> Iterator[tuple[int, float]]:
    """Of each line with times: the steps since the one before, and the seconds that each took."""
    before = 0
    for line in lines:
        if "seconds" in line:
            yield line["step"] - before, line["seconds"]
            before = line["step"]


def _recipe(folder: AblationFolder, plan: Plan, key: str) -> tuple[Source, WiredRecipe]:
    """A variant's recipe with the run's seed."""
    run = plan.runs.get(key)
    if run is None:
        raise UserError(f"{folder.path} has no run of the key {key}; plan.json lists them")
    source = change_source(read_source(folder.resolved(run.variant)), {"seed": run.seed})
    return source, WiredRecipe(parse(Recipe, source, None))


def _refuse_other(
    folder: AblationFolder, plan: Plan, key: str, wired: WiredRecipe, score: Score
) -> None:
    """Refuse a run that would not come to what its key stands for."""
    run = plan.runs[key]
    now = key_of(
        wired,
        run.seed,
        data=fingerprint(wired, score.split),
        device=plan.device,
        threads=plan.threads,
        score=score,
    )
    if now != key:
        told = f"{run.variant}, seed {run.seed}: {folder.resolved(run.variant)}, its data or its "
        raise UserError(
            f"{told}plugins have changed since the plan was made; ask for {plan.name} by its file "
            "again, which plans anew and keeps what is equal"
        )


def _take_threads(plan: Plan) -> None:
    """Numbers depend on them, whatever the environment says here."""
    if plan.threads is not None:
        import torch

        torch.set_num_threads(plan.threads)


def _is_begun(path: Path, wired: WiredRecipe) -> bool:
    """Whether there is a run to go on with. What a start left that was cut is removed.

    Raises:
        UserError: there is another run, or something that is none.
    """
    if not path.exists():
        return False
    if (path / "recipe.yaml").is_file():
        there = WiredRecipe(RunFolder.open(path).recipe())
        if counted(there) != counted(wired):
            raise UserError(f"{path} is another run; move it away, and ask for this one again")
        return True
    if path.is_symlink() or not path.is_dir():
        raise UserError(f"{path} is no run; move it away, and ask for this one again")
    shutil.rmtree(path)  # its recipe comes last: before it there are only files about it
    return False
