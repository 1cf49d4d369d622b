"""The command line: a thin layer over the functions that do the work. Exit codes: 0 done, 2 the
user's input is wrong, 1 anything else. Torch is imported only by the commands that compute.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gan_zoo.errors import UserError

app = typer.Typer(
    name="gan-zoo",
    help="The component zoo for conditional image-to-image GANs: recipes, plugins, one engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A file, or a shipped recipe.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value, as generator.width=32."),
]
DataRoot = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="Short for --set data.root=DIR.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]


def main() -> None:
    """Run the command line; mistakes of people become messages, not tracebacks."""
    try:
        app()
    except UserError as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; nobody is left to tell
        sys.exit(1)


@app.command()
def run(
    recipe: RecipeName,
    data: DataRoot = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run's folder.")] = None,
    set_: Set = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after N steps in all.")] = None,
) -> None:
    """Train a recipe."""
    made, source = _load(recipe, data, set_)
    from gan_zoo.check import contracts, needed

    contracts(made, source)
    if missing := needed(made):
        raise UserError("\n".join(missing))
    from gan_zoo.engine.run import train

    _training(lambda: train(made, out, name=source.name, source=source, steps=steps))


@app.command()
def resume(run: RunPath) -> None:
    """Go on with a run from its last checkpoint, to the same numbers."""
    from gan_zoo.engine.run import resume as go_on

    _training(lambda: go_on(run))


@app.command()
def check(
    recipe: RecipeName,
    data: DataRoot = None,
    set_: Set = None,
    ready: Annotated[bool, typer.Option(help="Exit 2 on what a run would still need.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge a recipe: contracts, then a rehearsal of every phase without memory or data."""
    made, source = _load(recipe, data, set_)
    from gan_zoo.check import check as judge
    from gan_zoo.terminal import check_as_data, print_check

    report = judge(made, source)
    if as_json:
        print(json.dumps(check_as_data(report), indent=2))
    else:
        print_check(report)
    if report.mistakes or (ready and report.needed):
        sys.exit(2)


@app.command()
def show(
    what: Annotated[str, typer.Argument(metavar="RECIPE | KIND")],
    name: Annotated[str | None, typer.Argument(help="A component of that kind.")] = None,
    set_: Set = None,
    origins: Annotated[bool, typer.Option(help="Say where each value came from.")] = False,
) -> None:
    """Show a recipe as it resolves, or what a component can do: show KIND NAME."""
    from gan_zoo import terminal
    from gan_zoo.zoo import Zoo

    if name is not None:
        terminal.print_component(Zoo.installed(), what, name)
        return
    made, source = _load(what, None, set_)
    terminal.print_recipe(made, source if origins else None)


@app.command()
def schema() -> None:
    """Write the recipe's JSON Schema, for editors."""
    from gan_zoo.recipe.schema import schema as make
    from gan_zoo.zoo import Zoo

    print(json.dumps(make(Zoo.installed()), indent=2))


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(help="One kind only, or `recipes`.")] = None,
    as_json: AsJson = False,
) -> None:
    """List components and recipes with where they come from."""
    from gan_zoo.terminal import print_list
    from gan_zoo.zoo import Zoo

    print_list(Zoo.installed(), kind, as_json)


@app.command()
def plugins(as_json: AsJson = False) -> None:
    """List the installed plugins, with their errors."""
    from gan_zoo.terminal import print_plugins
    from gan_zoo.zoo import Zoo

    print_plugins(Zoo.installed(), as_json)


@app.command()
def translate(
    run: RunPath,
    input: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture, or a folder.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="A file, or a folder.")],
    seed: Annotated[int, typer.Option(help="Of dropout, where inference keeps it on.")] = 0,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Files are side by side: take the input half.")
    ] = False,
    weights: Annotated[str | None, typer.Option(help="latest or best.")] = None,
    device: Device = "auto",
) -> None:
    """Translate pictures with a trained run; output size = input size, files are PNG."""
    from gan_zoo.translate import translate_files

    written = translate_files(
        run, input, output, seed=seed, pairs=pairs, weights=weights, device=device
    )
    print(f"{written} written to {output}")


@app.command()
def evaluate(
    run: RunPath,
    data: DataRoot = None,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    metrics: Annotated[str | None, typer.Option(metavar="A,B", help="Which metrics.")] = None,
    baseline: Annotated[
        str | None,
        typer.Option(help="median: also score the per-pixel median of the training targets."),
    ] = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a run on a split of its data."""
    if baseline not in (None, "median"):
        raise UserError(f"--baseline: {baseline} came; median was expected")
    from gan_zoo.evaluate import evaluate as measure
    from gan_zoo.terminal import print_scores

    chosen = metrics.split(",") if metrics else None
    with_median = baseline is not None
    scores = measure(
        run, data=data, split=split, metrics=chosen, median_baseline=with_median, device=device
    )
    print_scores(scores, as_json)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds NAME_net_G.pth and so on.")],
    recipe: Annotated[str, typer.Option(help="The recipe that the networks were trained with.")],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run folder to make.")],
    set_: Set = None,
) -> None:
    """Make a run folder of published checkpoints."""
    made, source = _load(recipe, None, set_)
    from gan_zoo.check import contracts
    from gan_zoo.importer import import_run

    contracts(made, source)
    for line in import_run(folder, made, out, source):
        print(line)


def _load(recipe: str, data: str | None, set_: list[str] | None) -> tuple[Any, Any]:
    """A recipe with its changes, and where each value came from."""
    from gan_zoo.recipe.model import Recipe
    from gan_zoo.recipe.report import parse
    from gan_zoo.recipe.source import parse_set, read

    changes = parse_set(set_ or [])
    if data is not None:
        changes["data.root"] = data
    source = read(recipe, set=changes)
    return parse(Recipe, source), source


def _training(go: Any) -> None:
    from gan_zoo.engine.run import Interrupted, NonFinite

    try:
        folder = go()
    except (Interrupted, NonFinite) as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except OSError as problem:
        said = f"{problem.filename or 'disk'}: {problem.strerror or problem}"
        print(f"{said}. Every earlier checkpoint is whole; resume when cured", file=sys.stderr)
        sys.exit(1)
    print(f"Run: {folder.path}")
    if previews := sorted(folder.previews.glob("*.png"), key=lambda p: p.stat().st_mtime):
        print(f"Last preview: {previews[-1]}")
