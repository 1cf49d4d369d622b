"""Making one run of an ablation: trained, or gone on with, then scored. Importing this is free of
torch; making a run is not.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from gan_zoo.ablation.costs import read_costs
from gan_zoo.ablation.file import Score
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.keys import counted, fingerprint, key_of
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
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
    source, wired = read_run(folder, plan, key)
    refuse_other(folder, plan, key, wired, score)
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
        cache=folder.judges,
        reporter=reporter,
    )
    run = plan.runs[key]
    result = Result(key, run.variant, run.seed, scores, read_costs(path / "log.jsonl"))
    folder.write_result(result)
    return result


def read_run(folder: AblationFolder, plan: Plan, key: str) -> tuple[Source, WiredRecipe]:
    """A variant's recipe with the run's seed.

    Raises:
        UserError: no run has this key.
    """
    run = plan.runs.get(key)
    if run is None:
        raise UserError(f"{folder.path} has no run of the key {key}; plan.json lists them")
    source = change_source(read_source(folder.resolved(run.variant)), {"seed": run.seed})
    return source, WiredRecipe(parse(Recipe, source, None))


def refuse_other(
    folder: AblationFolder, plan: Plan, key: str, wired: WiredRecipe, score: Score
) -> None:
    """Refuse a run that would not come to what its key stands for.

    Raises:
        UserError: says the cure.
    """
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
            f"{told}plugins have changed since the plan was made, or are others on this machine; "
            f"ask for {plan.name} by its file again, which plans anew and keeps what is equal"
        )


def _take_threads(plan: Plan) -> None:
    """Numbers depend on them, whatever the environment says here."""
    if plan.threads is not None:
        import torch

        torch.set_num_threads(plan.threads)


def _is_begun(path: Path, wired: WiredRecipe) -> bool:
    """Whether there is a run to go on with: where its files lie elsewhere than it was told, it is
    told now. What a start left that was cut is removed.

    Raises:
        UserError: there is another run, or something that is none.
    """
    if not path.exists():
        return False
    if (path / "recipe.yaml").is_file():
        run = RunFolder.open(path)
        there = run.recipe()
        if not _are_equal(counted(WiredRecipe(there)), counted(wired)):
            raise UserError(f"{path} is another run; move it away, and ask for this one again")
        if there.dump() != wired.recipe.dump():
            run.rewrite(wired.recipe)
        return True
    if path.is_symlink() or not path.is_dir():
        raise UserError(f"{path} is no run; move it away, and ask for this one again")
    shutil.rmtree(path)  # its recipe comes last: before it there are only files about it
    return False


def _are_equal(there: Any, here: Any) -> bool:
    """Whether what counts of a run is what is asked for: of a file that is not where it was, only
    that there was one.
    """
    if isinstance(there, dict) and isinstance(here, dict):
        return there.keys() == here.keys() and all(_are_equal(there[k], here[k]) for k in there)
    if isinstance(there, list) and isinstance(here, list):
        return len(there) == len(here) and all(map(_are_equal, there, here))
    gone = isinstance(there, str) and os.path.isabs(there) and isinstance(here, dict)
    return gone or bool(there == here)
