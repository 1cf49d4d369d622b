// The charts of a page: Bokeh draws them, buttons and boxes set them.
"use strict";

(() => {
  const told = document.getElementById("charts");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** The charts: one range of steps for all, smoothing, logarithms, colors of the scheme. */
  class Curves {
    constructor(plots) {
      this.plots = plots;
      this.range = plots[0].x_range;
      this.all = [this.range.start, this.range.end];
      this.scales = new Map(plots.map((plot) => [plot.name, plot.tags]));
      const dark = matchMedia("(prefers-color-scheme: dark)");
      dark.addEventListener("change", () => this.paint());
      for (const button of document.querySelectorAll("[data-range]")) {
        button.addEventListener("click", () => this.move(button.dataset.range));
      }
      const smoothing = document.getElementById("smoothing");
      smoothing.addEventListener("input", () => this.smooth(Number(smoothing.value)));
      for (const box of document.querySelectorAll("[data-log]")) {
        box.addEventListener("change", () => this.logarithm(box.dataset.log, box.checked));
      }
      for (const box of document.querySelectorAll("[data-show]")) {
        box.addEventListener("change", () => this.showRun(box.dataset.show, box.checked));
      }
      this.paint();
    }

    * lines() {
      for (const plot of this.plots) {
        for (const line of plot.renderers) {
          const [kind, run] = (line.name ?? "").split(" ");
          if (run !== undefined) yield { kind, run, line };
        }
      }
    }

    paint() {
      const [muted, faint] = [color("--muted"), color("--line")];
      for (const plot of this.plots) {
        for (const axis of [...plot.below, ...plot.left]) axis.major_label_text_color = muted;
        for (const part of plot.center) {
          if (part.name === "phase") part.line_color = muted;
          else if (part.grid_line_color) part.grid_line_color = faint;
        }
      }
      for (const { line, run } of this.lines()) {
        const own = color(`--run-${Number(run) % 6}`);
        line.glyph.line_color = { value: own };
        if (line.glyph.fill_color !== undefined) line.glyph.fill_color = { value: own };
      }
    }

    move(how) {
      const [first, last] = this.all;
      const [start, end] = [this.range.start, this.range.end];
      const [width, middle] = [end - start, (start + end) / 2];
      const moves = {
        all: [first, last],
        half: [last - (last - first) / 2, last],
        tenth: [last - (last - first) / 10, last],
        in: [middle - width / 4, middle + width / 4],
        out: [middle - width, middle + width],
        left: [start - width / 4, end - width / 4],
        right: [start + width / 4, end + width / 4],
      };
      const least = Math.max(1, (last - first) / 1000);
      let [from, to] = moves[how];
      if (to - from < least) return;
      if (from < first) [from, to] = [first, Math.min(last, first + to - from)];
      if (to > last) [from, to] = [Math.max(first, last - (to - from)), last];
      this.range.setv({ start: from, end: to });
    }

    smooth(kept) {
      document.getElementById("smoothing-now").textContent = kept.toFixed(2);
      for (const { kind, line } of this.lines()) {
        if (kind !== "mean") continue;
        const source = line.data_source;
        const values = [...source.data.y];
        let [total, weight] = [0, 0];
        const smooth = values.map((value) => {
          total = kept * total + (1 - kept) * value;
          weight = kept * weight + (1 - kept);
          return total / weight;
        });
        source.data = { x: [...source.data.x], y: values, smooth };
      }
    }

    logarithm(name, on) {
      const plot = this.plots.find((one) => one.name === name);
      const told = this.scales.get(name)[on ? 1 : 0];
      const get = (word) => (told instanceof Map ? told.get(word) : told[word]);
      plot.y_scale = get("scale");
      plot.left[0].ticker = get("ticker");
      plot.left[0].formatter = get("formatter");
    }

    showRun(number, on) {
      for (const { run, line } of this.lines()) if (run === number) line.visible = on;
    }
  }

  // ---------------------------------------------------------------- begin

  if (told !== null) { // Bokeh takes a while: the pictures need not wait for it
    const charts = JSON.parse(told.textContent);
    const begin = () => Bokeh.embed.embed_items(charts.document, charts.items).then(() => {
      new Curves(Bokeh.documents[0].roots());
      for (const plot of document.querySelectorAll(".plot")) leaveOut(plot);
      document.documentElement.dataset.curves = "drawn";
    });
    const watcher = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) { watcher.disconnect(); begin(); }
    }, { rootMargin: "600px" });
    watcher.observe(document.getElementById("curves"));
  }

  /** What is drawn has a sentence and a table; Tab need not stop in it. */
  function leaveOut(element) {
    for (const inside of (element.shadowRoot ?? element).querySelectorAll("*")) {
      if (inside.tabIndex >= 0) inside.tabIndex = -1;
      if (inside.shadowRoot) leaveOut(inside);
    }
  }
})();
