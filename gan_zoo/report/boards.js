// Boards of pictures, and a closer look. Everything works by keyboard: dials, buttons and a dialog.
"use strict";

(() => {
  const PLAY_MS = 350;
  const told = document.getElementById("boards");
  const BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

  // ---------------------------------------------------------------- dials and pictures

  /** One board: dials that choose the pictures of every column. */
  class Board {
    constructor(told) {
      this.told = told;
      this.element = document.getElementById(told.id);
      this.dials = told.dials.map(({ id, stops }) => ({ input: document.getElementById(id), stops }));
      this.images = [...this.element.querySelectorAll("img[data-shows]")];
      for (const image of this.images) { // what the page shows is not in its data once more
        const which = this.which(image.dataset.shows);
        if (which !== null && image.src !== BLANK) this.frames(image)[which] = image.src;
      }
      for (const { input } of this.dials) {
        input.addEventListener("input", () => { this.stop(); this.show(); });
      }
      this.button = this.element.querySelector("[data-play]");
      this.button?.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
      this.show();
    }

    /** The combination of stops: the last dial's is the fastest. */
    get at() {
      return this.dials.reduce((at, { input, stops }) => at * stops.length + Number(input.value), 0);
    }

    which(column) { return this.told.columns[column].shown[this.at]; }

    frames({ dataset: { shows, sample } }) {
      return this.told.columns[this.told.columns[shows].of].frames[Number(sample)];
    }

    show() {
      for (const image of this.images) {
        const which = this.which(image.dataset.shows);
        const shown = which === null ? null : this.frames(image)[which];
        if (image.src !== (shown ?? BLANK)) image.src = shown ?? BLANK;
        image.closest("figure").classList.toggle("absent", !shown);
      }
      for (const label of this.element.querySelectorAll("[data-label]")) {
        label.textContent = this.told.columns[label.dataset.label].labels[this.at];
      }
      for (const { input, stops } of this.dials) {
        const now = document.getElementById(`${input.id}-now`);
        if (now === null) continue; // a list tells by itself
        now.textContent = stops[Number(input.value)];
        input.setAttribute("aria-valuetext", now.textContent);
      }
    }

    play() {
      const slider = document.getElementById(this.button.dataset.play);
      const last = Number(slider.max);
      if (Number(slider.value) === last) slider.value = 0;
      this.show();
      this.button.textContent = "Pause";
      this.timer = setInterval(() => {
        if (Number(slider.value) >= last) { this.stop(); return; }
        slider.value = Number(slider.value) + 1;
        this.show();
      }, PLAY_MS);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      if (this.button) this.button.textContent = "Play";
    }

    /** What can be compared of a sample: [key, title, picture]. */
    choices(row) {
      const found = [];
      for (const title of this.told.given) {
        const image = this.picture(row, title);
        if (image) found.push([title, title, image.src]);
      }
      for (const [key, column] of Object.entries(this.told.columns)) {
        const frames = this.told.columns[column.of].frames[row];
        const which = this.which(key);
        const now = which === null ? null : frames[which];
        if (now) found.push([`column-${key}`, `${column.name}, ${column.labels[this.at]}`, now]);
        for (const [other, title] of column.others) {
          const picture = frames[other];
          if (picture && picture !== now) found.push([`other-${key}-${other}`, title, picture]);
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
      const besides = keys.find((key) => key.startsWith(`other-${column.split("-")[1]}-`));
      const other = [target, besides, ...keys];
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

  // ---------------------------------------------------------------- begin

  const boards = new Map(JSON.parse(told.textContent).map((one) => [one.id, new Board(one)]));
  if (boards.size) new Look(boards);
})();
