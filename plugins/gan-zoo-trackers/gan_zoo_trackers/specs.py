"""The menu of trackers: what a recipe may say."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt, model_validator

from gan_zoo.components import CallbackSpec

if TYPE_CHECKING:
    from typing import Self

    from gan_zoo_trackers.tracker import Tracker


class TrackerSpec(CallbackSpec):
    """What all trackers have. They only watch: a run has the same numbers with them and without."""

    every: PositiveInt = 20
    """Steps between two points of the losses."""
    previews: bool = True
    """Whether the pictures of the previews are sent too."""

    @classmethod
    def example(cls) -> Self:
        """One that has something to send in few steps."""
        return cls(every=1)


class TensorBoardSpec(TrackerSpec, name="tensorboard"):
    """Writes RUN/tensorboard for `tensorboard --logdir`: losses, scores, previews and the recipe.

    After a resume the curves go on as one line: what came after the checkpoint is hidden.
    """

    def missing(self) -> list[str]:
        """The package."""
        return _lacks("tensorboard", "tensorboard")

    def build(self) -> Tracker:
        """A Tracker on event files."""
        from gan_zoo_trackers.event_files import EventFiles
        from gan_zoo_trackers.tracker import Tracker

        return Tracker(EventFiles(), every=self.every, previews=self.previews)


class WandbSpec(TrackerSpec, name="wandb"):
    """Sends losses, scores, previews and the recipe to wandb, or to trackio, which has its calls.

    Nothing leaves this machine unless `mode` says so, and nobody is asked to log in.
    """

    package: Literal["wandb", "trackio"] = "wandb"
    """Who keeps the run: wandb, in RUN/wandb, or trackio, in its own folder for all runs."""
    mode: Literal["offline", "online"] = "offline"
    """`online` sends as the run goes, with the key that wandb has already. `wandb sync` or
    `trackio sync` sends later what was kept offline. With trackio, `offline` only.
    """
    project: str = "gan-zoo"
    """The project that the run is filed under."""

    @model_validator(mode="after")
    def _trackio_stays_here(self) -> Self:
        if self.package == "trackio" and self.mode == "online":
            raise ValueError(
                "mode online came, and trackio keeps runs on this machine; use mode offline, and "
                "`trackio sync` when the run is over"
            )
        return self

    def missing(self) -> list[str]:
        """The package."""
        return _lacks(self.package, self.package)

    def build(self) -> Tracker:
        """A Tracker on a run of the package."""
        from gan_zoo_trackers.tracker import Backend, Tracker
        from gan_zoo_trackers.wandb_runs import TrackioRun, WandbRun

        backend: Backend = TrackioRun(project=self.project)
        if self.package == "wandb":
            backend = WandbRun(project=self.project, online=self.mode == "online")
        return Tracker(backend, every=self.every, previews=self.previews)


class MLflowSpec(TrackerSpec, name="mlflow"):
    """Sends losses, scores, previews and the recipe to MLflow: to a store in the run's folder, or
    to a server.
    """

    store: str | None = None
    """MLflow's tracking URI, as http://HOST:5000 or sqlite:////FOLDER/mlflow.db; null for
    RUN/mlflow/mlflow.db.
    """
    experiment: str = "gan-zoo"
    """The experiment that the run is filed under."""

    def missing(self) -> list[str]:
        """The packages."""
        return _lacks("mlflow", "mlflow", "sqlalchemy", "alembic")

    def build(self) -> Tracker:
        """A Tracker on a run of MLflow."""
        from gan_zoo_trackers.mlflow_runs import MLflowRun
        from gan_zoo_trackers.tracker import Tracker

        backend = MLflowRun(store=self.store, experiment=self.experiment)
        return Tracker(backend, every=self.every, previews=self.previews)


def _lacks(extra: str, *modules: str) -> list[str]:
    """A line if one of the modules of an extra is not installed; nothing is imported."""
    absent = [module for module in modules if find_spec(module) is None]
    if not absent:
        return []
    verb = "is" if len(absent) == 1 else "are"
    cure = f"pip install 'gan-zoo-trackers[{extra}]'"
    return [f"{', '.join(absent)} {verb} not installed: {cure}, or leave this callback out"]
