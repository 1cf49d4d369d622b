"""Which charts a page has, before anything is drawn: their lines, sentences and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gan_zoo.report.markup import Html, table, tag
from gan_zoo.report.run_view import RunView
from gan_zoo.report.scores import Scored
from gan_zoo.report.series import Series, evenly
from gan_zoo.report.wording import describe_curve, figure

ROWS = 50  # of a table
WORTH_DRAWING = 20  # points of a run's longest curve; what has fewer is a table alone


@dataclass
class Line:
    """One curve of a run.

    Args:
        run: Its number on the page, which picks its color and dashes.
        name: The run's.
        series: The numbers.
    """

    run: int
    name: str
    series: Series


@dataclass
class Chart:
    """One chart.

    Args:
        id: On the page.
        group: Heading that it stands under.
        title: What it shows.
        note: What is to be known of it, as a score's protocol.
        smooth: Whether a smooth line is drawn, and the raw one behind it.
        named: Whether runs are named, as there are several on the page.
        lines: A curve a run.
    """

    id: str
    group: str
    title: str
    note: str = ""
    smooth: bool = False
    named: bool = False
    lines: list[Line] = field(default_factory=list)

    @property
    def positive(self) -> bool:
        """Whether a logarithm can be taken of every value."""
        return all(value > 0 for line in self.lines for value in line.series.values)

    @property
    def flat(self) -> bool:
        """Whether it is one number throughout, which a sentence says better."""
        return len({value for line in self.lines for value in line.series.values}) <= 1


LOSSES, SCORES, RATES, HEALTH = "Losses", "Scores", "Learning rates", "Health signals"


def plan_charts(runs: Sequence[RunView]) -> list[Chart]:
    """Scores by protocol, losses under their display labels, rates and health signals."""
    charts: list[Chart] = []
    groups = group_scores(runs)
    metrics = [metric for metric, *_ in groups]
    for scores in groups.values():
        _, first = scores[0]
        several = first.where and len(runs[scores[0][0]].history.phases) > 1
        title = f"{first.metric}, phase {first.where}" if several else first.metric
        protocol = f"id {first.id}: {first.protocol}" if first.id else first.protocol
        note = "; ".join(filter(None, [first.order, protocol]))
        one = Chart("", SCORES, title, f"{note[0].upper()}{note[1:]}.")
        one.lines = [Line(n, runs[n].name, scored.points) for n, scored in scores]
        if not first.id and len(runs) > 1:
            one.title += f", {one.lines[0].name}"
        elif first.id and metrics.count(first.metric) > 1:
            one.title += f", id {first.id}"
        charts.append(one)
    charts += _by_label(LOSSES, runs, lambda run: run.history.losses)
    charts += _by_label(RATES, runs, lambda run: run.history.rates)
    charts += _by_label(HEALTH, runs, lambda run: run.history.health)
    for n, chart in enumerate(charts):
        chart.id, chart.named = f"chart-{n}", len(runs) > 1
        chart.smooth = chart.group == LOSSES
    return charts


def group_scores(runs: Sequence[RunView]) -> dict[tuple[str, ...], list[tuple[int, Scored]]]:
    """Scores that may stand side by side: of one metric and one protocol. Where a run keeps no
    protocol, its scores stand alone.
    """
    found: dict[tuple[str, ...], list[tuple[int, Scored]]] = {}
    for n, run in enumerate(runs):
        for scored in run.scores:
            alone = () if scored.id else (str(n), scored.where)
            found.setdefault((scored.metric, scored.id, *alone), []).append((n, scored))
    return dict(sorted(found.items()))


def worth_drawing(charts: Sequence[Chart]) -> bool:
    """Whether any curve has enough points to be looked at."""
    curves = [line.series.points for chart in charts if not chart.flat for line in chart.lines]
    return any(len(points) >= WORTH_DRAWING for points in curves)


def describe_chart(chart: Chart) -> Html:
    """The sentence under a chart: one a run, named where there are several."""
    told = []
    for line in chart.lines:
        name = tag("span", line.name, ": ", class_=f"run run-{line.run}")
        told.append(tag("span", name if chart.named else None, describe_curve(line.series)))
    note = tag("span", chart.note, class_="note") if chart.note else None
    return tag("figcaption", *told, note)


def numbers_table(chart: Chart) -> Html:
    """The numbers behind a chart, at most fifty rows: those of every run that has the step."""
    steps = sorted({step for line in chart.lines for step, _ in line.series.points})
    chosen = [step for step, _ in evenly([(step, 0.0) for step in steps], ROWS)]
    values = [dict(line.series.points) for line in chart.lines]
    rows = [
        [f"{step:,}", *(figure(own[step]) if step in own else "" for own in values)]
        for step in chosen
    ]
    head = ["step", *(line.name if chart.named else chart.title for line in chart.lines)]
    more = f" {len(chosen)} of {len(steps)} steps." if len(chosen) < len(steps) else ""
    caption = f"{chart.title}.{more}"
    made = table(head, rows, caption=caption, numbers=range(len(head)))
    return tag("details", tag("summary", "Numbers"), made)


def _by_label(
    group: str, runs: Sequence[RunView], curves: Callable[[RunView], Mapping[str, Series]]
) -> list[Chart]:
    found: dict[str, Chart] = {}
    for n, run in enumerate(runs):
        for label, series in curves(run).items():
            chart = found.setdefault(label, Chart("", group, label))
            chart.lines.append(Line(n, run.name, series))
    return list(found.values())
