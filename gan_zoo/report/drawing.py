"""Charts drawn by Bokeh, whose script comes out of the installed package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from gan_zoo.report.charts import HEALTH, SCORES, Chart, Line
from gan_zoo.report.series import Point

INSTALL = 'pip install "gan-zoo[report]"'
HEIGHT = 200  # pixels
DOTS = 60  # points up to which each is marked
SMOOTHING = 0.8  # how much of the exponential mean a point keeps at first
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito's
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")


@dataclass
class Drawn:
    """Charts as the page's script takes them.

    Args:
        document: Bokeh's own JSON of all charts, which share the range of their steps.
        items: Which of it goes into which element.
        script: Bokeh.
    """

    document: Any
    items: list[dict[str, Any]]
    script: str


def can_draw() -> bool:
    """Whether Bokeh is installed; nothing is imported to find out."""
    return find_spec("bokeh") is not None


def draw(charts: Sequence[Chart], phases: Sequence[int]) -> Drawn:
    """Draw charts.

    Args:
        charts: Which ones; each goes into the element PLOT-ID.
        phases: Steps at which phases begin, after the first.
    """
    from bokeh.document import Document
    from bokeh.embed.util import standalone_docs_json_and_render_items
    from bokeh.models import Range1d
    from bokeh.resources import Resources

    last = max((line.series.points[-1][0] for c in charts for line in c.lines), default=1)
    first = min((line.series.points[0][0] for c in charts for line in c.lines), default=0)
    steps = Range1d(first, max(last, first + 1), name="steps")
    document = Document()
    plots = {chart.id: _plot(chart, steps, phases) for chart in charts}
    for plot in plots.values():
        document.add_root(plot)
    made, (item,) = standalone_docs_json_and_render_items(document)
    told = item.to_json()
    told["roots"] = {plot.id: f"plot-{id}" for id, plot in plots.items()}
    script = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    return Drawn(made, [told], script.replace("</script", "<\\/script"))


def smooth(values: Sequence[float], kept: float) -> list[float]:
    """An exponential mean that does not begin at zero: as curves.js computes it."""
    total = weight = 0.0
    found = []
    for value in values:
        total = kept * total + (1 - kept) * value
        weight = kept * weight + (1 - kept)
        found.append(round_figure(total / weight))
    return found


def round_figure(value: float) -> float:
    """Five digits that count, which no screen shows more of."""
    return float(f"{value:.5g}")


def _plot(chart: Chart, steps: Any, phases: Sequence[int]) -> Any:
    from bokeh.models import (
        BasicTickFormatter,
        BoxZoomTool,
        DataRange1d,
        HoverTool,
        LinearScale,
        LogScale,
        LogTicker,
        LogTickFormatter,
        NumeralTickFormatter,
        Span,
    )
    from bokeh.plotting import figure

    plot = figure(
        name=chart.id,
        height=HEIGHT,
        sizing_mode="stretch_width",
        x_range=steps,
        y_range=DataRange1d(only_visible=True, range_padding=0.08),
        toolbar_location=None,
        tools=[BoxZoomTool(dimensions="width")],
        window_axis="x",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_right=12,
    )
    axis = plot.yaxis[0]
    axis.formatter = BasicTickFormatter(power_limit_low=-6)  # 0.0006 reads better than 6e-4
    # what the button for a logarithmic scale puts in place, and back
    plot.tags = [
        {"scale": LinearScale(), "ticker": axis.ticker, "formatter": axis.formatter},
        {"scale": LogScale(), "ticker": LogTicker(), "formatter": LogTickFormatter()},
    ]
    plot.xaxis.formatter = NumeralTickFormatter(format="0[.]0a")
    plot.xaxis.ticker.desired_num_ticks = 4
    plot.yaxis.ticker.desired_num_ticks = 4
    for part in (plot.xaxis, plot.yaxis):
        part.axis_line_color = part.minor_tick_line_color = part.major_tick_line_color = None
        part.major_label_text_font_size = "12px"
    plot.xgrid.grid_line_color = None
    for begin in phases:
        plot.add_layout(Span(location=begin, dimension="height", line_dash="dotted", name="phase"))
    read = [_line(plot, chart, line) for line in chart.lines]
    tips = [("step", "@x{0,0}"), ("value", "@y{0.[0000]}")]
    plot.add_tools(HoverTool(renderers=read, tooltips=tips, mode="vline", line_policy="nearest"))
    return plot


def _line(plot: Any, chart: Chart, line: Line) -> Any:
    """Draw one run's curve; what hovering reads is returned."""
    from bokeh.models import ColumnDataSource

    look = {"line_color": COLORS[line.run % len(COLORS)], "line_width": 2}
    dash = DASHES[line.run % len(DASHES)]
    raw = ColumnDataSource(_columns(line.series.raw()))
    if not chart.smooth:
        dots = chart.group in (SCORES, HEALTH) and len(line.series.points) <= DOTS
        made = plot.line("x", "y", source=raw, line_dash=dash, name=f"line {line.run}", **look)
        if dots:
            color = look["line_color"]
            plot.scatter("x", "y", source=raw, size=5, name=f"dots {line.run}", color=color)
        return made
    thin = {**look, "line_width": 1, "line_alpha": 0.3}
    plot.line("x", "y", source=raw, name=f"raw {line.run}", **thin)
    means = _columns(line.series.means())
    source = ColumnDataSource({**means, "smooth": smooth(means["y"], SMOOTHING)})
    return plot.line("x", "smooth", source=source, line_dash=dash, name=f"mean {line.run}", **look)


def _columns(points: Sequence[Point]) -> dict[str, list[float]]:
    return {"x": [step for step, _ in points], "y": [round_figure(value) for _, value in points]}
