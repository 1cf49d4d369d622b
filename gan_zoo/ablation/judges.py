"""What a machine must have and make before its first run of an ablation starts. Importing this is
free of torch; making is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from gan_zoo.ablation.claims import alone
from gan_zoo.ablation.file import Score
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.making import read_run, refuse_other
from gan_zoo.ablation.needs import list_needs, refuse
from gan_zoo.ablation.plan import Plan
from gan_zoo.components.at_hand import read_once
from gan_zoo.errors import UserError
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter


@read_once()
def refuse_unfit(folder: AblationFolder, keys: Collection[str]) -> None:
    """Refuse a machine that has not what runs were planned with: each would fail at once, for
    everybody, as if it were the run's own fault.

    Args:
        folder: Of the ablation.
        keys: The runs that may be made here.

    Raises:
        UserError: what is absent, or not as it was planned.
    """
    plan = folder.plan()
    score = Score.model_validate(plan.score)
    recipes = _recipes(folder, plan, keys)
    refuse(list_needs({plan.runs[key].variant: wired for key, wired in recipes.items()}, score))
    for key, wired in recipes.items():
        refuse_other(folder, plan, key, wired, score)


def prepare_judges(
    folder: AblationFolder, keys: Collection[str], reporter: Reporter | None = None
) -> None:
    """Let metrics make what takes long, as the training of a judge, before the first run starts:
    runs that start at once would each make it. What scores runs is kept in the ablation's folder,
    where every machine finds it; what only looks at them meanwhile, in this user's cache.

    Args:
        folder: Of the ablation.
        keys: The runs that may be made here.
        reporter: Told what takes long.

    Raises:
        UserError: the data cannot be read, or the folder or the cache cannot be written.
    """
    from gan_zoo.evaluation.measurement import build_metrics, describe_context

    plan, say = folder.plan(), (reporter or Reporter()).say
    score, device = Score.model_validate(plan.score), _device(plan)
    built: list[Any] = []
    with alone(folder.claim("judges")), _threads(plan):
        for wired in _recipes(folder, plan, keys).values():
            recipe = wired.recipe
            asked: list[Any] = [([*recipe.phases][-1], score.split, score.metrics, folder.judges)]
            if recipe.validation is not None:
                own = recipe.validation
                asked += [(name, own.split, own.metrics, None) for name in recipe.phases]
            for name, split, metrics, cache in asked:
                phase = wired.phase(name)
                about = (phase.recipe.data, phase.phase.size, split, metrics, cache)
                if about not in built:
                    built.append(about)
                    at = describe_context(phase, None, device, say, split=split, cache=cache)
                    build_metrics(metrics, at)


def _recipes(folder: AblationFolder, plan: Plan, keys: Collection[str]) -> dict[str, WiredRecipe]:
    """Key -> recipe, of one run of each variant."""
    first = {plan.runs[key].variant: key for key in reversed([*keys]) if key in plan.runs}
    return {key: read_run(folder, plan, key)[1] for key in first.values()}


@contextmanager
def _threads(plan: Plan) -> Iterator[None]:
    """What is trained in here depends on them as runs do."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(plan.threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device(plan: Plan) -> str:
    """Where judges are made: as runs are, or with what is here where those are made elsewhere."""
    from gan_zoo.engine.precision import pick_device

    try:
        return str(pick_device(plan.device))
    except UserError:
        return str(pick_device("auto"))
