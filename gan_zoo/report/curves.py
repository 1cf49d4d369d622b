"""The curves of a page: their controls, charts, sentences and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from gan_zoo.report.charts import Chart, describe_chart, numbers_table, worth_drawing
from gan_zoo.report.drawing import INSTALL, SMOOTHING, can_draw
from gan_zoo.report.markup import Html, join, tag
from gan_zoo.report.run_view import RunView


def show_curves(runs: Sequence[RunView], charts: Sequence[Chart]) -> Html:
    """Controls, then every chart with its sentence and its numbers."""
    if not charts:
        return tag("p", "Nothing was logged yet.")
    drawn = can_draw() and worth_drawing(charts)
    made = [_curve_controls(runs)] if drawn else [_undrawn()]
    made += [tag("p", line, class_="note") for line in _phases(runs)]
    for group in dict.fromkeys(chart.group for chart in charts):
        own = [_chart(chart, drawn and not chart.flat) for chart in charts if chart.group == group]
        made.append(tag("h3", group))
        made.append(tag("div", *own, class_="charts"))
    return join(made)


def _undrawn() -> Html:
    if can_draw():
        return tag("p", "There are too few points for curves yet; the tables have them all.")
    return tag("p", "Curves are drawn where Bokeh is installed: ", tag("code", INSTALL), ".")


def _chart(chart: Chart, drawn: bool) -> Html:
    plot = tag("div", id=f"plot-{chart.id}", class_="plot", aria_hidden="true") if drawn else None
    log = tag("input", type="checkbox", data_log=chart.id)
    label = tag("label", log, " logarithmic", class_="choose") if drawn and chart.positive else None
    return tag(
        "figure",
        tag(
            "div",
            tag("h4", chart.title),
            label,
            class_="title",
        ),
        plot,
        describe_chart(chart),
        numbers_table(chart),
        class_="chart",
        id=chart.id,
    )


def _curve_controls(runs: Sequence[RunView]) -> Html:
    def button(range_: str, told: str) -> Html:
        return tag("button", told, type="button", data_range=range_)

    ranges = tag(
        "div",
        button("all", "All steps"),
        button("half", "Last half"),
        button("tenth", "Last tenth"),
        button("in", "Zoom in"),
        button("out", "Zoom out"),
        button("left", "Earlier"),
        button("right", "Later"),
        role="group",
        aria_label="Range of steps, of all charts",
        class_="buttons",
    )
    smoothing = [
        tag("label", "Smoothing", for_="smoothing"),
        tag("input", type="range", id="smoothing", min=0, max=0.98, step=0.02, value=SMOOTHING),
        tag("output", f"{SMOOTHING:g}", id="smoothing-now", for_="smoothing"),
    ]
    shown = [
        tag(
            "label",
            tag("input", type="checkbox", data_show=n, checked=True),
            " ",
            tag("span", run.name, class_=f"run run-{n}"),
            class_="choose",
        )
        for n, run in enumerate(runs)
    ]
    legend = tag("div", *shown, role="group", aria_label="Runs") if len(runs) > 1 else None
    return tag("div", ranges, tag("div", *smoothing), legend, class_="controls curves")


def _phases(runs: Sequence[RunView]) -> list[str]:
    told = []
    for run in runs:
        if len(run.history.phases) > 1:
            ends = [f"{name} to step {last:,}" for name, (_, last) in run.history.phases.items()]
            name = f" of {run.name}" if len(runs) > 1 else ""
            told.append(f"Phases{name}, dotted where one begins: {', '.join(ends)}.")
    return told


def phase_starts(runs: Sequence[RunView]) -> list[int]:
    """Where a phase ends and the next begins, in any run."""
    ends = {last for run in runs for _, last in list(run.history.phases.values())[:-1]}
    return sorted(ends)
