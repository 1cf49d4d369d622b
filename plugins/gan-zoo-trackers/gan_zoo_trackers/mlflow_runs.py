"""Runs of MLflow, by its client alone."""

from __future__ import annotations

import os
import shlex
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from gan_zoo_trackers.about import About

# Unless the user says otherwise: nothing is told of the user, and a server that has gone is given
# up in seconds, since the run waits for it.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
FILE = "sqlite:///"
AT_ONCE = 100  # options that MLflow takes in one call
LONGEST = 6000  # letters of an option that MLflow takes


@dataclass
class MLflowRun:
    """A run of MLflow. A resume goes on with it, and what was sent before the cut stays: MLflow
    would keep repeated steps twice.

    Args:
        store: The tracking URI; None for one in the run's folder.
        experiment: Where the run is filed.
    """

    name: ClassVar[str] = "mlflow"
    store: str | None
    experiment: str
    client: Any = None
    id: str | None = None
    goes_on: bool = False

    @property
    def kept_id(self) -> str | None:
        """MLflow's id, where runs of others lie in the same store."""
        return self.id if self.store else None

    def open(self, about: About) -> str:
        """Begin a run, or go on with the one that there is."""
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        uri = self.store or f"{FILE}{about.folder / 'mlflow' / 'mlflow.db'}"
        if self.store is None:
            (about.folder / "mlflow").mkdir(exist_ok=True)
        self.client = _connect(uri)
        experiment = self._experiment(uri)
        self.id = about.kept_id if self.store else self._only_run(experiment)
        self.goes_on = self.id is not None
        if self.id is not None:
            self.client.update_run(self.id, status="RUNNING")
        else:
            made = self.client.create_run(experiment, run_name=about.name)
            self.id = str(made.info.run_id)
            self._describe(about)
        return f"mlflow ui --backend-store-uri {shlex.quote(uri)} shows the run"

    def _experiment(self, uri: str) -> str:
        """Its id. Files lie beside a store that is a file; MLflow would put them where it runs."""
        found = self.client.get_experiment_by_name(self.experiment)
        if found:
            return str(found.experiment_id)
        files = None
        if uri.startswith(FILE):
            files = (Path(uri.removeprefix(FILE)).resolve().parent / "files").as_uri()
        return str(self.client.create_experiment(self.experiment, artifact_location=files))

    def _only_run(self, experiment: str) -> str | None:
        """The run of a store of its own."""
        runs = self.client.search_runs([experiment], max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _describe(self, about: About) -> None:
        """The recipe: its options one by one, and as a file."""
        from mlflow.entities import Param

        options = [Param(key, value[:LONGEST]) for key, value in about.options.items()]
        for start in range(0, len(options), AT_ONCE):
            self.client.log_batch(self.id, params=options[start : start + AT_ONCE])
        if about.recipe:
            self.client.log_text(self.id, about.recipe, "recipe.yaml")

    def latest(self, tag: str) -> int:
        """What the store has of earlier processes."""
        if not self.goes_on:
            return -1
        points = self.client.get_metric_history(self.id, tag)
        return max((point.step for point in points), default=-1)

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Points of one step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        points = [Metric(tag, value, now, step) for tag, value in values.items()]
        self.client.log_batch(self.id, metrics=points)

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        """The file as it is; its name has the step."""
        self.client.log_artifact(self.id, str(path), tag)

    def flush(self) -> None:
        """Every call waits until it is written."""

    def close(self) -> None:
        """The run is finished."""
        self.client.set_terminated(self.id)


def _connect(uri: str) -> Any:
    """MLflow's client. That its parts find each other outdated is no matter of the run's user, and
    no error where warnings are errors.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri=uri)
