"""gan-zoo evaluate with metrics of learned features: refusals, --fetch, and how a bias is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gan_zoo_metrics import extra_specs, features, published_networks
from tests.cli.conftest import Command


def test_weights_come_only_on_request_and_a_dead_line_is_told(
    zoo: Command, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    dead = replace(extra_specs.ALEXNET, address="http://127.0.0.1:9")
    monkeypatch.setattr(extra_specs, "ALEXNET", dead)
    words = ("evaluate", trained, "--metrics", "lpips", "--device", "cpu")
    said = zoo(*words)
    assert said.code == 2
    assert said.err.startswith("lpips: alexnet-owt-7be5be79.pth (torchvision's alexnet; 244 MB")
    said = zoo(*words, "--fetch")
    path = tmp_path / "hub" / "checkpoints" / dead.name
    assert said.code == 2
    assert said.err.startswith(f"{dead.url} could not be fetched: ")
    assert said.err.endswith(f"Bring it by other means: {dead.url} to {path}\n")
    assert "Traceback" not in said.err
    assert not path.exists()


def test_too_few_pictures_are_refused_before_any_is_made(
    zoo: Command, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra_specs.KIDSpec, "missing", lambda self: [])
    said = zoo("evaluate", trained, "--metrics", "kid", "--split", "val", "--device", "cpu")
    assert said.code == 2
    assert "pictures came, and of fewer than 50 its noise is larger than" in said.err


def test_a_biased_score_is_marked(
    zoo: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean color stands in for a network."""
    judge = features.Features(lambda x: x.float().mean((2, 3)), {"network": "mean"}, "cpu")
    monkeypatch.setattr(published_networks, "inception", lambda *said: judge)
    monkeypatch.setattr(extra_specs.FIDSpec, "missing", lambda self: [])
    recipe = trained / "recipe.yaml"
    before = recipe.read_text()
    spec = {"use": "fid", "weights": "some.pth", "allow_small": True}
    told = {**yaml.safe_load(before), "validation": {"split": "val", "metrics": {"far": spec}}}
    words = ("evaluate", trained, "--metrics", "far", "--split", "val", "--device", "cpu")
    try:
        recipe.write_text(yaml.safe_dump(told))
        said, data = zoo(*words), zoo(*words, "--json").data()
        against = zoo(*words, "--against", trained)
    finally:
        recipe.write_text(before)
    assert said.code == against.code == 0
    [score] = data["scores"].values()
    mark = f"{score['id']} (biased: N={score['protocol']['pictures']} < 2048)"
    for table in (said.out, against.out):
        [line, *_] = [line for line in table.splitlines() if line.startswith("  far ")]
        assert line.endswith(mark)
    assert score["beside"] == {"biased_below": 2048.0}
    assert score["values"] is None
    assert score["protocol"]["options"] == {"allow_small": True}
    assert score["protocol"]["judge"] == {"network": "mean"}
