// The page's controls. Everything works by keyboard: sliders, buttons, checkboxes and a dialog.
"use strict";

(() => {
  const PLAY_MS = 350;
  const data = (id) => {
    const element = document.getElementById(id);
    return element === null ? null : JSON.parse(element.textContent);
  };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // ---------------------------------------------------------------- pictures over time

  /** One board: a slider over time that changes the pictures of every run. */
  class Board {
    constructor(told) {
      this.told = told;
      this.element = document.getElementById(told.id);
      this.slider = this.element.querySelector("[data-time]");
      this.button = this.element.querySelector("[data-play]");
      this.output = this.element.querySelector("output");
      this.images = [...this.element.querySelectorAll("img[data-run]")];
      for (const image of this.images) { // the last pictures stand in the page, not in its data
        const frames = this.frames(image);
        frames[frames.length - 1] = image.src;
      }
      this.slider.addEventListener("input", () => { this.stop(); this.show(); });
      this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
      this.show();
    }

    frames(image) {
      return this.told.runs[image.dataset.run].frames[Number(image.dataset.sample)];
    }

    get at() { return Number(this.slider.value); }

    show() {
      for (const image of this.images) {
        const shown = this.frames(image)[this.told.runs[image.dataset.run].at[this.at]];
        if (shown && image.src !== shown) image.src = shown;
      }
      this.output.textContent = this.told.stops[this.at];
      this.slider.setAttribute("aria-valuetext", this.told.stops[this.at]);
    }

    play() {
      if (this.at === Number(this.slider.max)) this.slider.value = 0;
      this.show();
      this.button.textContent = "Pause";
      this.timer = setInterval(() => {
        if (this.at >= Number(this.slider.max)) { this.stop(); return; }
        this.slider.value = this.at + 1;
        this.show();
      }, PLAY_MS);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      this.button.textContent = "Play";
    }

    /** What can be compared of a sample: [key, title, picture]. */
    choices(row) {
      const found = [];
      for (const title of this.told.given) {
        const image = this.picture(row, title);
        if (image) found.push([title, title, image.src]);
      }
      const runs = Object.entries(this.told.runs);
      for (const [number, run] of runs) {
        const frames = run.frames[row];
        const name = runs.length > 1 ? run.name : "output";
        const first = frames.findIndex((frame) => frame !== null);
        const now = frames[run.at[this.at]];
        if (now) found.push([`run-${number}`, `${name}, ${this.told.stops[this.at]}`, now]);
        if (first >= 0 && frames[first] !== now) {
          const step = run.steps[first].toLocaleString("en");
          found.push([`first-${number}`, `${name}, first, step ${step}`, frames[first]]);
        }
      }
      return found;
    }

    picture(row, column) {
      const buttons = [...this.element.querySelectorAll(`[data-row="${row}"]`)];
      const button = buttons.find((one) => one.dataset.column === column);
      return button ? button.querySelector("img") : null;
    }
  }

  // ---------------------------------------------------------------- a closer look

  /** Two pictures of a sample, one over the other, with a wiper between them. */
  class Look {
    constructor(boards) {
      this.boards = boards;
      this.dialog = document.getElementById("look");
      this.part = (name) => document.getElementById(`look-${name}`);
      this.stage = this.dialog.querySelector(".stage");
      this.part("close").addEventListener("click", () => this.dialog.close());
      for (const side of ["left", "right"]) {
        this.part(side).addEventListener("change", () => this.show());
      }
      this.part("wipe").addEventListener("input", () => this.wipe());
      this.part("zoom").addEventListener("input", () => this.zoom());
      this.stage.addEventListener("pointerdown", (event) => this.drag(event));
      this.stage.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
      for (const button of document.querySelectorAll("[data-open]")) {
        button.addEventListener("click", () => this.open(button.dataset));
      }
    }

    open({ open, row, column }) {
      const board = this.boards.get(open);
      board.stop();
      this.choices = board.choices(Number(row));
      this.part("title").textContent = board.told.samples[Number(row)];
      const keys = this.choices.map(([key]) => key);
      const target = keys.find((key) => key.endsWith("target"));
      const other = [target, `first-${column.split("-")[1]}`, ...keys];
      this.fill("left", column);
      this.fill("right", other.find((key) => key !== column && keys.includes(key)) ?? column);
      const image = board.picture(row, column);
      for (const one of this.dialog.querySelectorAll("img")) one.className = image.className;
      this.part("zoom").value = 1;
      this.part("wipe").value = 50;
      this.show();
      this.zoom();
      this.wipe();
      this.dialog.showModal();
    }

    fill(side, chosen) {
      const options = this.choices.map(([key, title]) => new Option(title, key, false, key === chosen));
      this.part(side).replaceChildren(...options);
    }

    show() {
      for (const [side, place] of [["left", "over"], ["right", "under"]]) {
        const key = this.part(side).value;
        const [, title, source] = this.choices.find((choice) => choice[0] === key);
        this.part(place).src = source;
        this.part(place).alt = title;
      }
    }

    wipe() {
      const share = `${this.part("wipe").value}%`;
      this.stage.style.setProperty("--wipe", share);
      this.part("wipe").setAttribute("aria-valuetext", `${share} of the left picture`);
    }

    zoom() {
      const factor = Number(this.part("zoom").value);
      const pan = this.stage.parentElement;
      const [x, y] = [pan.scrollLeft + pan.clientWidth / 2, pan.scrollTop + pan.clientHeight / 2];
      const [width, height] = [pan.scrollWidth || 1, pan.scrollHeight || 1];
      this.stage.style.width = factor === 1 ? "" : `calc(min(100%, 55vh) * ${factor})`;
      this.stage.style.touchAction = factor === 1 ? "pan-y" : "auto"; // a finger wipes, or moves
      pan.scrollLeft = (x / width) * pan.scrollWidth - pan.clientWidth / 2; // the middle stays
      pan.scrollTop = (y / height) * pan.scrollHeight - pan.clientHeight / 2;
      this.part("zoom").setAttribute("aria-valuetext", `${factor} times`);
    }

    drag(event) {
      const box = this.stage.getBoundingClientRect();
      const share = 100 * (event.clientX - box.left) / box.width;
      this.part("wipe").value = Math.min(100, Math.max(0, share));
      this.wipe();
    }
  }

  // ---------------------------------------------------------------- curves

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

  const boards = new Map((data("boards") ?? []).map((told) => [told.id, new Board(told)]));
  if (boards.size) new Look(boards);
  const charts = data("charts");
  if (charts !== null) { // Bokeh takes a while: the pictures need not wait for it
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
