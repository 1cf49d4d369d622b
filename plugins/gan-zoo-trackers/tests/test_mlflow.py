"""What MLflow's store has of a run that was cut and resumed."""

from __future__ import annotations

import json
import shutil
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import gan_zoo
from gan_zoo_trackers import MLflowSpec

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("mlflow", "sqlalchemy", "alembic")),
    reason="MLflow is not installed: pip install 'gan-zoo-trackers[mlflow]'",
)


def runs(uri: str) -> tuple[Any, list[Any]]:
    """MLflow's client, and the runs that it has."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name("gan-zoo")
    assert found is not None
    return client, list(client.search_runs([found.experiment_id]))


@pytest.mark.parametrize("shared", [False, True])
def test_a_cut_and_resumed_run_is_one_line(
    shared: bool, tmp_path: Path, tiny: Any, logged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, run = tmp_path / "here", tmp_path / "mine"
    here.mkdir()
    monkeypatch.chdir(here)
    uri = f"sqlite:///{tmp_path if shared else run / 'mlflow'}/mlflow.db"
    tracker = {"use": "trackers/mlflow", "every": 1, **({"store": uri} if shared else {})}
    gan_zoo.train(tiny(mlflow=tracker), run, steps=8)
    go_back_to(run, 5)
    gan_zoo.resume(run, steps="all")
    assert "failed" not in (run / "log.txt").read_text()
    client, (made,) = runs(uri)
    assert made.info.run_name == "mine"
    assert made.info.status == "FINISHED"
    for tag, line in logged(run).items():
        points = client.get_metric_history(made.info.run_id, tag)
        assert sorted((point.step, point.value) for point in points) == line
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    assert made.data.params["generator.width"] == str(recipe["generator"]["width"]) == "2"
    kept = Path(client.download_artifacts(made.info.run_id, "", str(run)))
    assert (kept / "recipe.yaml").read_text() == (run / "recipe.yaml").read_text()
    pictures = sorted(path.name for path in (kept / "previews" / "main").iterdir())
    assert pictures == ["main-000008.png", "main-000012.png"]  # the first one stays
    if not shared:
        assert {path.name for path in (run / "mlflow").iterdir()} == {"mlflow.db", "files"}
    assert not [*here.iterdir()]


def go_back_to(run: Path, step: int) -> None:
    """Take the checkpoints after a step away, as if the run had been killed before them."""
    for path in (run / "state").glob("step-*"):
        if int(path.name.removeprefix("step-")) > step:
            shutil.rmtree(path)
    assert len([*(run / "state").glob("step-*")]) == 1


def test_two_runs_of_one_store_stay_apart(tmp_path: Path, tiny: Any) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    tracker = {"use": "trackers/mlflow", "every": 3, "store": uri}
    for name in ("one", "two"):
        gan_zoo.train(tiny(mlflow=tracker), tmp_path / name, steps=6)
    gan_zoo.resume(tmp_path / "one", steps="all")
    client, found = runs(uri)
    steps = {
        made.info.run_name: [
            point.step for point in client.get_metric_history(made.info.run_id, "losses/G_GAN")
        ]
        for made in found
    }
    assert steps == {"one": [3, 6, 9, 12], "two": [3, 6]}


def test_a_server_that_is_not_there_is_told_in_seconds(stand_in: SimpleNamespace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tracker = MLflowSpec(store=f"http://127.0.0.1:{port}").build()
    began = time.monotonic()
    tracker.on_run_start(stand_in)
    tracker.on_scores(stand_in, {"l1": 1.0})
    assert time.monotonic() - began < 20
    (told,) = stand_in.said
    assert told.startswith("mlflow failed at step 0 (MlflowException: API request to http://127")
    json.dumps(tracker.state())
