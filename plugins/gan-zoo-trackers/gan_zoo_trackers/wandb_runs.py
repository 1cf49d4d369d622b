"""Runs of wandb, and of trackio, which has the same calls."""

from __future__ import annotations

import contextlib
import io
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from gan_zoo_trackers.about import About


@dataclass
class WandbRun:
    """A run of wandb, in RUN/wandb.

    Offline, wandb cannot go on with a run: a resume begins a new one, `NAME from STEP`, of the same
    group. Online it goes on with the same one, and what was sent before the cut stays.

    Args:
        project: Where it is filed.
        online: Whether it is sent as it goes.
    """

    name: ClassVar[str] = "wandb"
    project: str
    online: bool
    run: Any = None
    gone_before: int = -1  # the last step that wandb has of earlier processes

    @property
    def kept_id(self) -> str | None:
        """wandb's id of the run, where it can go on."""
        return str(self.run.id) if self.online and self.run is not None else None

    def open(self, about: About) -> str:
        """Begin a run, or go on with one; never asks for a key.

        Raises:
            RuntimeError: it is to be sent, and wandb has no key.
        """
        import wandb

        if self.online and not wandb.login(prompt=False, verify=False):
            raise RuntimeError("wandb has no key: `wandb login` takes one; or use mode offline")
        self.run = wandb.init(
            project=self.project,
            dir=about.folder,
            group=about.folder.name,
            name=about.folder.name if about.kept_id else about.name,
            id=about.kept_id if self.online else None,
            resume="allow" if self.online and about.kept_id else None,
            mode="online" if self.online else "offline",
            config=about.config,
            # The recipe says what was run; a user's code, git and terminal are not asked for.
            settings=wandb.Settings(
                console="off", silent=True, disable_code=True, disable_git=True
            ),
        )
        self.gone_before = self.run.step - 1 if self.online and about.kept_id else -1
        if self.online:
            return f"{self.run.url} shows the run"
        # Its folder is RUN/wandb/offline-run-TIME-ID/files.
        return f"kept offline; wandb sync {shlex.quote(str(Path(self.run.dir).parent))} sends it"

    def latest(self, tag: str) -> int:
        """wandb takes no step that lies before its last one."""
        return self.gone_before

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Points of one step."""
        self.run.log(dict(values), step=step)

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        """The file as it is."""
        import wandb

        self.run.log({tag: wandb.Image(str(path))}, step=step)

    def flush(self) -> None:
        """Another process has it already."""

    def close(self) -> None:
        """The run is finished."""
        self.run.finish()


@dataclass
class TrackioRun:
    """A run of trackio, on this machine, in trackio's folder ($TRACKIO_DIR). A resume begins a new
    one, `NAME from STEP`, of the same group, since trackio would keep repeated steps twice.

    Args:
        project: Where it is filed.
    """

    name: ClassVar[str] = "trackio"
    kept_id: ClassVar[None] = None
    project: str
    run: Any = None

    def open(self, about: About) -> str:
        """Begin a run."""
        import trackio

        with contextlib.redirect_stdout(io.StringIO()):  # it prints what is returned below
            self.run = trackio.init(
                project=self.project,
                name=about.name,
                group=about.folder.name,
                config=about.config,
                embed=False,
            )
        return f"trackio show --project {shlex.quote(self.project)} shows the run"

    def latest(self, tag: str) -> int:
        """The run is a new one."""
        return -1

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Points of one step."""
        self.run.log(dict(values), step=step)

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        """A copy of the file."""
        import trackio

        self.run.log({tag: trackio.Image(str(path))}, step=step)

    def flush(self) -> None:
        """It writes twice a second."""

    def close(self) -> None:
        """The run is finished."""
        import trackio

        with contextlib.redirect_stdout(io.StringIO()):
            trackio.finish()  # the run's own would be called once more when Python ends
