"""What all trackers share: what they send and when, and that they never stop a run."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import quote, unquote

from gan_zoo.components import first_line, hookimpl
from gan_zoo_trackers.about import About

if TYPE_CHECKING:
    from gan_zoo.components import Run


class Backend(Protocol):
    """Where a run is sent to. Whatever it raises is told once, and the run goes on without it."""

    name: ClassVar[str]

    @property
    def kept_id(self) -> str | None:
        """What a checkpoint must remember to go on with the same run there; None if nothing."""
        ...

    def open(self, about: About) -> str:
        """Begin, or go on after a resume; returns how to look at it."""
        ...

    def latest(self, tag: str) -> int:
        """The last step that an earlier process has sent of a tag and that stays; -1 if none."""
        ...

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Points of several curves."""
        ...

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        """The picture in a file."""
        ...

    def flush(self) -> None:
        """What was sent so far must outlive a kill."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class Tracker:
    """Sends losses, scores and previews of a run. It draws no chance and moves no weight.

    A tag is sent once a step. After a resume what a checkpoint says was sent at its step is offered
    again: a backend that drops all from there on then has it, and another one knows it already.

    Args:
        backend: Where to.
        every: Steps between two points of the losses; each is the latest value of its loss.
        previews: Whether pictures are sent.
    """

    def __init__(self, backend: Backend, *, every: int, previews: bool) -> None:
        self.backend = backend
        self.every = every
        self.previews = previews
        self.failed = False
        self._run: Run | None = None
        self._id: str | None = None  # of a checkpoint
        self._recent: dict[str, float] = {}  # losses that were not sent yet
        self._step = 0  # of the two that follow
        self._scalars: dict[str, float] = {}
        self._pictures: dict[str, str] = {}  # tag -> path in the run's folder
        self._sent: dict[str, int] = {}  # tag -> its last step

    # ------------------------------------------------------------------ what is sent

    @hookimpl(tryfirst=True)
    def on_run_start(self, run: Run) -> None:
        """Begin before others have something to show, or go on."""
        self._run = run
        about = About.of(run, kept_id=self._id)

        def begin() -> None:
            run.say(f"{self.backend.name}: {self.backend.open(about)}")
            if self._step != about.step:
                return  # what was sent at earlier steps stays
            self._send_scalars(dict(self._scalars), self._step)
            for tag, path in self._pictures.items():
                self._send_picture(tag, run.folder / path, self._step)

        self._attempt(begin)

    @hookimpl
    def on_losses(self, step: int, terms: dict[str, float]) -> None:
        """Take the losses in; some have no term in every step."""
        self._recent |= {f"losses/{label}": float(value) for label, value in terms.items()}
        if step % self.every == 0:
            self._tell_scalars(step, self._recent)
            self._recent = {}

    @hookimpl
    def on_scores(self, run: Run, scores: Mapping[str, float]) -> None:
        """A score is a curve."""
        told = {f"scores/{name}": float(x) for name, x in scores.items()}
        self._tell_scalars(run.position.step, told)

    @hookimpl
    def on_preview(self, run: Run, path: Path) -> None:
        """A picture is sent under a name without its step, so that a slider has all of them."""
        if not self.previews:
            return
        step = run.position.step
        tag = _tag_of(run.folder, path, step)
        self._at(step)
        if path.is_relative_to(run.folder):
            self._pictures[tag] = path.relative_to(run.folder).as_posix()
        self._attempt(lambda: self._send_picture(tag, path, step))

    @hookimpl(trylast=True)
    def on_run_end(self, run: Run) -> None:
        """Close after the others' last words."""
        self._attempt(self.backend.close)

    # ------------------------------------------------------------------ what is remembered

    def state(self) -> dict[str, Any]:
        """What was sent at this step, and what was not sent yet. A checkpoint is being made: what
        is on its way must arrive, or a kill after it would leave a gap.
        """
        if self._run is not None:
            self._attempt(self.backend.flush)
        kept = self.backend.kept_id or self._id
        return {
            "step": self._step,
            "scalars": _quoted(self._scalars),
            "pictures": _quoted(self._pictures),
            "recent": _quoted(self._recent),
            **({"id": kept} if kept else {}),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._step, self._id = state.get("step", 0), state.get("id")
        self._scalars = _unquoted(state.get("scalars", {}))
        self._pictures = _unquoted(state.get("pictures", {}))
        self._recent = _unquoted(state.get("recent", {}))

    # ------------------------------------------------------------------ how it is sent

    def _tell_scalars(self, step: int, values: Mapping[str, float]) -> None:
        self._at(step)
        self._scalars |= values
        self._attempt(lambda: self._send_scalars(values, step))

    def _at(self, step: int) -> None:
        """What is remembered is of this step alone."""
        if step != self._step:
            self._step, self._scalars, self._pictures = step, {}, {}

    def _send_scalars(self, values: Mapping[str, float], step: int) -> None:
        fresh = {tag: value for tag, value in values.items() if self._is_new(tag, step)}
        if fresh:
            self.backend.send_scalars(fresh, step)
            self._sent |= dict.fromkeys(fresh, step)

    def _send_picture(self, tag: str, path: Path, step: int) -> None:
        if path.is_file() and self._is_new(tag, step):
            self.backend.send_picture(tag, path, step)
            self._sent[tag] = step

    def _is_new(self, tag: str, step: int) -> bool:
        if tag not in self._sent:
            self._sent[tag] = self.backend.latest(tag)
        return step > self._sent[tag]

    def _attempt(self, action: Callable[[], None]) -> None:
        """Do it if nothing failed so far. Packages may draw from Python's generator, which a
        sample's author may have seeded: it is put back.
        """
        assert self._run is not None
        if self.failed:
            return
        drawn = random.getstate()
        try:
            action()
        except Exception as problem:
            self.failed = True
            told = f"{type(problem).__name__}: {first_line(problem)}"
            self._run.say(
                f"{self.backend.name} failed at step {self._run.position.step} ({told}). The run "
                "goes on; nothing more is sent there, unless it is resumed"
            )
        finally:
            random.setstate(drawn)


def _tag_of(folder: Path, path: Path, step: int) -> str:
    """previews/main-000400.png -> previews/main, at step 400."""
    above = folder / "previews"
    inside = path.relative_to(above) if path.is_relative_to(above) else Path(path.name)
    name = inside.with_suffix("").as_posix()
    tag = re.sub(rf"(?<!^)[-/]{step:06d}(?=[-/]|$)", "", name, count=1)
    return f"previews/{tag}"


def _quoted(values: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint takes / in a key for a mapping in a mapping."""
    return {quote(tag, safe=""): value for tag, value in values.items()}


def _unquoted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {unquote(tag): value for tag, value in values.items()}
