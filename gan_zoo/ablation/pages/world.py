"""What the variants are, and where, how long and in how many tries they were trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from gan_zoo.ablation.attempts import RETRY, Attempt, read_attempts
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
from gan_zoo.report.markup import Html, join, table, tag
from gan_zoo.report.sections import show_differences
from gan_zoo.report.world import read_json, read_recipe
from gan_zoo.report.writing import NAME
from gan_zoo.reporter import format_duration


def show_variants(folder: AblationFolder, plan: Plan) -> Html:
    """Every variant's changes to the base, links to its runs' pages, and where the recipes differ
    as a whole.
    """
    rows = []
    for name, variant in plan.variants.items():
        changes = [tag("code", line, class_="change") for line in variant.changes]
        told: object = changes or tag("span", "the base as it is", class_="note")
        called = [name, tag("span", "the reference", class_="note")]
        rows.append([called if name == plan.reference else name, told, _pages(folder, plan, name)])
    head = ["variant", "changes to the base", "pages of its runs"]
    if not any(pages for *_, pages in rows):
        head, rows = head[:2], [row[:2] for row in rows]
    made: list[object] = [table(head, rows, caption="The variants")]
    if plan.left_out:
        rows = [[name, reason] for name, reason in plan.left_out.items()]
        made.append(table(["left out", "why"], rows, caption="Variants that cannot be had"))
    recipes = {
        name: (read_recipe(path), dict[str, str]())
        for name in plan.variants
        if (path := folder.resolved(name)).is_file()
    }
    if len(recipes) > 1:
        shown = show_differences([*recipes], [*recipes.values()])
        made.append(tag("details", tag("summary", "All values in which they differ"), shown))
    return join(made)


def _pages(folder: AblationFolder, plan: Plan, variant: str) -> list[object]:
    """Links to the pages of a variant's runs, where they lie within the folder."""
    found: list[object] = []
    own = [run for run in plan.runs.values() if run.variant == variant]
    for run in own:
        if not Path(run.run).is_absolute() and (folder.path / run.run / NAME).is_file():
            address = f"{quote(run.run)}/{NAME}"
            found += [" " if found else "", tag("a", f"seed {run.seed}", href=address)]
    return found


def show_world(folder: AblationFolder, plan: Plan, results: Mapping[str, Result]) -> Html:
    """Device and versions; what every variant took; tries that did not go through at once."""
    tries = {key: read_attempts(folder.attempts(key)) for key in plan.runs}
    facts = _facts(folder, plan, results, tries)
    made: list[object] = [table(["fact", "value"], facts, caption="Surroundings and time")]
    if results:
        made.append(_costs(plan, results))
    rows = [
        [f"{run.variant}, seed {run.seed}", *_told(one)]
        for key, run in plan.runs.items()
        if len(tries[key]) > 1 or any(one.cause for one in tries[key])
        for one in tries[key]
    ]
    if rows:
        head = ["run", "begun", "took", "where", "ended", "its last words"]
        shown = table(head, rows, caption="Every try of the runs that took several, or failed")
        made.append(tag("details", tag("summary", f"Tries ({len(rows)})"), shown))
    elif any(tries.values()):
        made.append(tag("p", "Every run went through at its first try.", class_="note"))
    return join(made)


def _told(one: Attempt) -> list[object]:
    where = f"{one.host}, {one.device}" if one.device else one.host
    ended = one.cause or "done"
    took = format_duration(one.seconds) if one.cause != RETRY else ""
    return [one.start, took, where, ended, tag("code", one.last) if one.last else ""]


def _facts(
    folder: AblationFolder,
    plan: Plan,
    results: Mapping[str, Result],
    tries: Mapping[str, Sequence[Attempt]],
) -> list[tuple[str, str]]:
    threads = f", {plan.threads} thread{'s' * (plan.threads != 1)} a run" if plan.threads else ""
    facts = {"device": f"{plan.device}{threads}"}
    hosts = dict.fromkeys(one.host for own in tries.values() for one in own if one.host)
    facts["machines"] = ", ".join(hosts)
    steps = sorted({variant.steps for variant in plan.variants.values()})
    facts["steps of a run"] = " to ".join(f"{n:,}" for n in dict.fromkeys([steps[0], steps[-1]]))
    if results:
        total = sum(result.costs.seconds for result in results.values())
        facts["time of all steps"] = format_duration(total)
    worlds = [read_json(folder.path / plan.runs[key].run / "environment.json") for key in results]
    worlds = [world for world in worlds if isinstance(world, Mapping)]
    packages = [w["packages"] for w in worlds if isinstance(w.get("packages"), Mapping)]
    told = (", ".join(f"{n} {v}" for n, v in sorted(own.items())) for own in packages)
    facts["packages"] = "; ".join(dict.fromkeys(told))
    pythons = (f"{world.get('python', '')} on {world.get('platform', '')}" for world in worlds)
    facts["python"] = "; ".join(dict.fromkeys(pythons))
    if plan.orphans:
        told = (f"{run.variant}, seed {run.seed}" for run in plan.orphans.values())
        facts["of earlier states of the file"] = "; ".join(told)
    return [(key, value) for key, value in facts.items() if value.strip()]


def _costs(plan: Plan, results: Mapping[str, Result]) -> Html:
    """A row a variant, of the runs that are done."""
    rows = []
    for name in plan.variants:
        costs = [result.costs for result in results.values() if result.variant == name]
        if not costs:
            continue
        times = [one.seconds_a_step for one in costs if one.seconds_a_step is not None]
        held = [one.held for one in costs if one.held is not None]
        rows.append(
            [
                name,
                _range([one.seconds for one in costs], format_duration),
                _range(times, lambda value: f"{value:.3g} s"),
                _range(held, lambda value: f"{value / 2**20:,.0f} MiB"),
            ]
        )
    head = ["variant", "steps of a run took", "a step", "at the peak"]
    return table(head, rows, caption="What the runs took, over seeds", numbers=range(1, 4))


def _range(values: Sequence[float], tell: Callable[[float], str]) -> str:
    """The smallest and the largest, once where they read the same."""
    if not values:
        return ""
    return " to ".join(dict.fromkeys([tell(min(values)), tell(max(values))]))
