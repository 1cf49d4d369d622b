"""gan-zoo ablate FILE."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from gan_zoo.cli.options import AsJson, DataRoot, Set, parse_changes

if TYPE_CHECKING:
    from gan_zoo.reporter import Reporter


class RetryAll(TyperCommand):
    """A command whose --retry means all causes, where none follows it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say the word that is left out; typer knows no option that may stand alone."""
        told = []
        for word, after in zip(args, [*args[1:], "--"], strict=True):
            told.append(f"{word}=all" if word == "--retry" and after.startswith("-") else word)
        return super().parse_args(ctx, told)


def ablate(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="Of an ablation, or a name: gan-zoo list ablations; or the folder of one that was "
            "begun.",
        ),
    ],
    list_: Annotated[
        bool,
        typer.Option("--list", help="Only tell the variants, their size and the time they take."),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="VARIANT", help="Make this variant; once for each."),
    ] = None,
    data: DataRoot = None,
    set_: Set = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder; ablations/NAME if absent.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many runs at once; else one a device or core."),
    ] = None,
    join: Annotated[
        bool,
        typer.Option("--join", help="Help with one that was planned: take what nobody is at."),
    ] = False,
    executor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Where runs are made: gan-zoo list executor."),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="[CAUSE]", help="Try once more what failed; only for a cause, if one follows."
        ),
    ] = None,
    reuse: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Take equal runs that another ablation has finished."),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(metavar="H", min=0, help="After H hours nothing starts; nothing is killed."),
    ] = None,
    stop_on_failure: Annotated[
        bool, typer.Option("--stop-on-failure", help="Start nothing after a failure.")
    ] = False,
    as_json: AsJson = False,
    one: Annotated[
        str | None,
        typer.Option(
            "--one", metavar="KEY", help="Make only the run of this key, in this process."
        ),
    ] = None,
) -> None:
    """Train variants of a recipe, and compare them in a table.

    Each is trained with several seeds, and differences have intervals. A folder holds all that is
    done: asked again it goes on, and what is finished is never trained again.
    """
    if one is not None:
        sys.exit(_make_one(file, one))
    changes = parse_changes(data, set_)
    from gan_zoo.reporter import Reporter

    reporter = Reporter(quiet=as_json)
    if list_:
        _tell_listing(file, out, changes, jobs, reporter, as_json=as_json)
        return
    from gan_zoo.ablation.ablate import ablate as make
    from gan_zoo.cli.terminal.ablation import print_ablation

    found = make(
        file,
        out,
        set=changes,
        only=only,
        jobs=jobs,
        join=join,
        executor=executor,
        retry=retry,
        reuse=reuse,
        hours=hours,
        stop_on_failure=stop_on_failure,
        reporter=reporter,
    )
    print_ablation(found, as_json=as_json)
    sys.exit(found.outcome.exit_code)


def _make_one(folder: str, key: str) -> int:
    """One run, in this process: what the others start."""
    from gan_zoo.ablation.folder import AblationFolder
    from gan_zoo.ablation.one import run_one

    return run_one(AblationFolder.open(folder), key)


def _tell_listing(
    file: str,
    out: Path | None,
    changes: dict[str, Any],
    jobs: int | None,
    reporter: Reporter,
    *,
    as_json: bool,
) -> None:
    from gan_zoo.ablation.listing import list_variants
    from gan_zoo.cli.terminal.ablation import print_listing

    found = list_variants(file, out, set=changes, jobs=jobs, reporter=reporter)
    if as_json:
        print(json.dumps(found.as_data(), indent=2))
    else:
        print_listing(found)
