"""The sections of a page that are words and tables: in one look, health, recipe, world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gan_zoo.report.charts import group_scores
from gan_zoo.report.markup import Html, join, table, tag
from gan_zoo.report.run_view import RunView
from gan_zoo.report.wording import (
    describe_best,
    describe_end,
    describe_training,
    describe_verdict,
    ended,
    figure,
    first_score,
    listing,
)
from gan_zoo.reporter import format_duration
from gan_zoo.runs.compiled_code import read_compiled

TOLD = 200  # lines of log.txt, the last ones
NONE_SAYS_ANYTHING = "No run says anything of its health: no recipe lists a callback for that."
SAYS_NOTHING = "The run says nothing of its health: its recipe lists no callback that looks at it."


def show_one(run: RunView) -> Html:
    """What was trained, how it went, and the score to speak of with its protocol."""
    told = tag("p", " ".join(describe_verdict(run)), class_="verdict")
    made = [tag("p", describe_training(run)), told]
    if scored := first_score(run):
        best = scored.best()
        assert best is not None
        beside = [f"{name} {figure(value)}" for name, value in scored.beside.items()]
        told_beside = f" ({', '.join(beside)})" if beside else ""
        number = tag("strong", f"{scored.metric} {figure(best[1])}")
        protocol = f"id {scored.id}; {scored.protocol}" if scored.id else scored.protocol
        made.append(
            tag("p", number, told_beside, tag("span", protocol, class_="note"), class_="score")
        )
    return join(made)


def show_several(runs: Sequence[RunView]) -> Html:
    """A row a run: its end, its scores by protocol, the time."""
    groups = {key: dict(own) for key, own in group_scores(runs).items() if len(key) == 2}
    columns, notes = [], []
    for (metric, id), own in groups.items():
        scored = next(iter(own.values()))
        columns.append(f"{metric}, id {id}")
        notes.append(tag("li", f"{metric}, id {id}: {scored.protocol}"))
    rows = []
    for n, run in enumerate(runs):
        cells: list[object] = [tag("span", run.name, class_=f"run run-{n}"), f"{run.steps:,}"]
        cells.append(format_duration(run.told.seconds) if run.told.seconds else "")
        for own in groups.values():
            best = own[n].best() if n in own else None
            last = own[n].points.points[-1] if n in own else None
            shown = best or last
            cells.append(f"{figure(shown[1])} at {shown[0]:,}" if shown else "")
        rows.append(cells)
    head = ["run", "steps", "time", *columns]
    made = [
        table(head, rows, caption="The runs, with their best scores", numbers=range(1, len(head)))
    ]
    if notes:
        made.append(tag("p", "Scores of one column are by one protocol:", class_="note"))
        made.append(tag("ul", *notes, class_="note"))
    if alone := [line for n, run in enumerate(runs) if (line := _alone(run))]:
        told = "These runs keep no protocol of some scores, so they are not to be compared:"
        made += [tag("p", told), tag("ul", *(tag("li", line) for line in alone))]
    sentences = [
        tag("li", tag("span", run.name, class_=f"run run-{n}"), ": ", " ".join(_verdict(run)))
        for n, run in enumerate(runs)
    ]
    return join([*made, tag("ul", *sentences)])


def _verdict(run: RunView) -> list[str]:
    scored = first_score(run)
    return list(filter(None, [describe_end(run), describe_best(run, scored) if scored else ""]))


def _alone(run: RunView) -> str:
    told = []
    for scored in run.scores:
        if not scored.id:
            step, value = scored.best() or scored.points.points[-1]
            told.append(f"{scored.metric} {figure(value)} at step {step:,}")
    return f"{run.name}: {', '.join(told)}" if told else ""


def show_health(runs: Sequence[RunView]) -> Html:
    """Warnings with their cures, and the last reading of every signal."""
    made: list[object] = []
    if not any(run.history.warnings or run.history.health for run in runs):
        return tag("p", SAYS_NOTHING if len(runs) == 1 else NONE_SAYS_ANYTHING)
    for n, run in enumerate(runs):
        if len(runs) > 1:
            made.append(tag("h3", run.name, class_=f"run run-{n}"))
        made.append(_health(run))
    return join(made)


def _health(run: RunView) -> Html:
    warnings, signals = run.history.warnings, run.history.health
    if not warnings and not signals:
        return tag("p", SAYS_NOTHING)
    items = [
        tag(
            "li",
            tag("p", ended(warned.sentence)),
            tag("p", "A cure: ", tag("code", warned.cure)) if warned.cure else None,
            tag("p", f"step {warned.step:,}, phase {warned.phase}", class_="note"),
        )
        for warned in warnings
    ]
    made = tag("ol", *items, class_="warnings") if items else tag("p", "No warning was given.")
    rows = []
    for name, own in signals.items():
        last, low, high = own.values[-1], min(own.values), max(own.values)
        rows.append([name, figure(last), figure(low), figure(high), len(own.values)])
    if not rows:
        return made
    head = ["signal", "last", "lowest", "highest", "readings"]
    return join([made, table(head, rows, caption="Signals", numbers=range(1, 5))])


def show_recipe(runs: Sequence[RunView]) -> Html:
    """Every value with the place that it came from; of several runs, where they differ."""
    if len(runs) == 1:
        (run,) = runs
        rows = [
            [tag("code", path), tag("code", value), run.origins.get(path, "")]
            for path, value in run.recipe.items()
        ]
        return tag(
            "details",
            tag("summary", f"All {len(rows)} values, and where each came from"),
            table(["key", "value", "origin"], rows, caption="Recipe"),
        )
    names = [tag("span", run.name, class_=f"run run-{n}") for n, run in enumerate(runs)]
    return show_differences(names, [(run.recipe, run.origins) for run in runs])


def show_differences(
    names: Sequence[object], recipes: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]
) -> Html:
    """Where recipes differ.

    Args:
        names: What each is called.
        recipes: Values and origins of each, by dotted path.
    """
    paths = list(dict.fromkeys(path for values, _ in recipes for path in values))
    differing = [path for path in paths if len({values.get(path) for values, _ in recipes}) > 1]
    if not differing:
        return tag("p", "The recipes are the same in every value.")
    rows = [
        [tag("code", path), *(_value(path, values, origins) for values, origins in recipes)]
        for path in differing
    ]
    made = table(["key", *names], rows, caption="Where the recipes differ")
    alike = len(paths) - len(differing)
    return join([made, tag("p", f"The other {alike} values are the same in all.", class_="note")])


def _value(path: str, values: Mapping[str, str], origins: Mapping[str, str]) -> Html:
    if path not in values:
        return tag("span", "absent", class_="note")
    place = origins.get(path, "")
    return join([tag("code", values[path]), tag("span", place, class_="note") if place else None])


def show_world(runs: Sequence[RunView]) -> Html:
    """Environment, time, and what was said."""
    facts = [_facts(run) for run in runs]
    keys = list(dict.fromkeys(key for own in facts for key in own))
    rows = [[key, *(own.get(key, "") for own in facts)] for key in keys]
    names = [tag("span", run.name, class_=f"run run-{n}") for n, run in enumerate(runs)]
    head = ["fact", *names] if len(runs) > 1 else ["fact", "value"]
    made: list[object] = [table(head, rows, caption="Surroundings and time")]
    for run in runs:
        if run.history.unread:
            told = f"{run.name}: lines of log.jsonl that could not be read: {run.history.unread}."
            made.append(tag("p", told))
        if lines := run.told.lines[-TOLD:]:
            title = "What was said" + (f" by {run.name}" if len(runs) > 1 else "")
            told_lines = tag("pre", "\n".join(lines), tabindex=0)
            made.append(tag("details", tag("summary", title), told_lines))
    return join(made)


def _facts(run: RunView) -> dict[str, str]:
    """What is known of where and how long a run was trained."""
    world, computing = run.environment, run.environment.get("computing", {})
    computing = computing if isinstance(computing, dict) else {}
    packages = world.get("packages", {})
    facts = {"folder": str(run.path.resolve()), "started": str(world.get("started", ""))}
    if resumes := run.told.starts[1:]:
        facts["resumed"] = f"{len(resumes)} times, at {listing(resumes[:3])}" + (
            " and later" if len(resumes) > 3 else ""
        )
    command = world.get("command")
    if isinstance(command, list):
        facts["command"] = " ".join(map(str, command))
    facts["device"] = str(computing.get("device", ""))
    facts["numbers"] = str(computing.get("precision", ""))
    for phase, one in read_compiled(run.path).items():
        if one.parts:
            told = f"{listing([*one.parts])}, in {phase}"
            facts["compiled"] = "; ".join(filter(None, (facts.get("compiled"), told)))
    steps, waits = run.history.time()
    if run.told.seconds:
        facts["time"] = format_duration(run.told.seconds)
    if steps:
        facts["time of steps"] = (
            f"about {format_duration(steps)}, {steps / run.history.last_step:.3g} s each"
        )
        facts["waiting for data"] = f"{100 * waits / steps:.1f} % of that"
        rest = run.told.seconds - steps
        if rest > 1:
            facts["checkpoints, pictures, scores"] = f"about {format_duration(rest)}"
    where = {"device_bytes": "memory of the device", "process_bytes": "memory of the process"}
    for key, held in run.history.memory.items():
        if key in where:
            facts[where[key]] = f"{held / 1e9:.2f} GB at the peak"
    if isinstance(packages, dict):
        facts["packages"] = ", ".join(f"{name} {version}" for name, version in packages.items())
    facts["python"] = f"{world.get('python', '')} on {world.get('platform', '')}"
    facts["plugins"] = ", ".join(
        f"{p.get('plugin')} ({p.get('package')} {p.get('version')})" for p in run.plugins
    )
    return {key: value for key, value in facts.items() if value.strip()}
