"""gan-zoo evaluate RUN."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, Device, Model, Weights


def evaluate(
    run: Model,
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="Other data in the same layout.")
    ] = None,
    split: Annotated[str, typer.Option(metavar="NAME", help="Which split.")] = "test",
    metrics: Annotated[
        str | None, typer.Option(metavar="A,B", help="Which metrics; else those of validation.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RUN2",
            help="Score this run too, and say the difference on the same pictures, with an "
            "interval over them.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also score what takes no learning: median, the per-pixel median of the training "
            "targets; classes, every class of the label map in its median color.",
        ),
    ] = None,
    weights: Weights = None,
    device: Device = "auto",
    fetch: Annotated[
        bool,
        typer.Option(
            "--fetch",
            help="Fetch published weights that the metrics lack. Nothing is fetched otherwise.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score a run on a split of its data; the run keeps the scores.

    The samples at the recipe's size rule; translate keeps each picture's own size.
    """
    from gan_zoo.errors import UserError
    from gan_zoo.evaluation.baselines import refuse_unknown

    refuse_unknown(baseline)
    if against is not None and baseline is not None:
        raise UserError("--against and --baseline: a run is set beside one of them; leave one out")
    chosen = None if metrics is None else [name.strip() for name in metrics.split(",")]
    from gan_zoo.runs.opening import open_model

    folders = [open_model(path) for path in (run, against) if path]  # before torch is imported
    from gan_zoo.cli.terminal.scores import compared_as_data, print_comparison, print_scores
    from gan_zoo.evaluation.scores import evaluate as measure
    from gan_zoo.reporter import Reporter

    one, *others = [
        measure(
            folder,
            data=data,
            split=split,
            metrics=chosen,
            baseline=baseline,
            weights=weights,
            device=device,
            fetch=fetch,
            reporter=Reporter(quiet=as_json),
        )
        for folder in folders
    ]
    if not others:
        print_scores(one, as_json)
        return
    from gan_zoo.evaluation.comparison import compare

    [other] = others
    found = compare(one, other)
    if as_json:
        print(json.dumps(compared_as_data(one, other, found), indent=2, allow_nan=False))
        return
    if not found:
        raise UserError(f"{run} and {against} have no metric in common; name some with --metrics")
    print_comparison(one, other, found, (str(run), str(against)))
