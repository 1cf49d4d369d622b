"""Weights and packages that judge: what is said where they are absent, or something else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision import models

from gan_zoo.checks.readiness import list_needed
from gan_zoo.components import downloads
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.testing import metrics as kit
from gan_zoo_metrics import published_files, published_networks
from gan_zoo_metrics.extra_specs import SPECS, DISTSSpec, FDDinoV2Spec, FIDSpec, KIDSpec, LPIPSSpec
from gan_zoo_metrics.published_files import INCEPTION, SQUEEZENET, VGG16
from tests.plugins.random_weights import file_of


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_what_is_missing_is_said_with_its_hash_and_where_it_is_public(hub: Path) -> None:
    name = "weights-inception-2015-12-05-6726825d.pth"
    url = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{name}"
    assert FIDSpec().missing() == [
        f"{name} (Inception v3 of torch-fidelity; 96 MB, its sha256 begins with 6726825d) is not "
        f"in {hub}. With a network, `gan-zoo evaluate RUN --fetch` fetches it; or bring it: curl "
        f"-L --create-dirs -o {hub / name} {url} ; or set weights to a file of your own: --set "
        "validation.metrics.NAME.weights=PATH"
    ]
    assert "of no known sha256" in FDDinoV2Spec().missing()[0]
    assert FIDSpec(weights="some/where.pth").missing() == [
        "weights: there is no file some/where.pth; a state dict of Inception v3 of torch-fidelity "
        f"is expected, as {name} from {url}"
    ]
    hub.mkdir(parents=True)
    (hub / name).touch()
    assert FIDSpec().missing() == KIDSpec().missing() == []
    assert DISTSSpec().missing() == LPIPSSpec(network="vgg").missing() != []


def test_every_published_name_holds_its_hash() -> None:
    for spec in SPECS:
        file = spec().file
        assert file.sha256 in file.name
        assert (file.sha256 == "") == (spec is FDDinoV2Spec)
        assert file.url.startswith("https://")
        assert file.url.endswith(f"/{file.name}")


def test_check_names_the_metric_as_the_recipe_does() -> None:
    metrics = {"far": {"use": "fid"}, "near": {"use": "lpips", "network": "squeeze"}}
    recipe = Recipe.load("quickstart", set={"validation.metrics": metrics})
    far, near = list_needed(WiredRecipe(recipe))
    assert far.startswith(f"validation.metrics.far: {INCEPTION.name} (")
    assert far.endswith("--set validation.metrics.far.weights=PATH")
    assert near.startswith(f"validation.metrics.near: {SQUEEZENET.name} (")


@pytest.mark.parametrize(
    ("spec", "package"), [(FIDSpec(), "torch-fidelity"), (LPIPSSpec(), "torchmetrics")]
)
def test_an_absent_package_is_said(
    spec: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = package.replace("-", "_")
    find = published_files.find_spec
    without = lambda name: None if name == absent else find(name)  # noqa: E731
    monkeypatch.setattr(published_files, "find_spec", without)
    told = f"the package {package} is not installed: pip install 'gan-zoo[metrics]'"
    assert spec.missing()[0] == told
    with pytest.raises(UserError) as refused:
        spec.build(kit.context())
    assert str(refused.value).startswith(f"{spec.name}: {told}\n{spec.name}: ")


def test_the_menu_imports_neither_torch_nor_the_packages() -> None:
    code = (
        "import sys, json\nfrom gan_zoo.registry.zoo import Zoo\n"
        "[Zoo.installed().get('metric', n)().missing() for n in ('fid', 'lpips', 'fd_dinov2')]\n"
        "names = ('torch', 'torch_fidelity', 'torchmetrics', 'timm')\n"
        "print(json.dumps([n for n in names if n in sys.modules]))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(told.stdout) == []


# ---------------------------------------------------------------------------------- other files


def test_a_file_of_another_network_is_refused_by_its_layers(tmp_path: Path) -> None:
    path = file_of(tmp_path / "squeeze.pth", models.squeezenet1_1)
    with pytest.raises(UserError) as refused:
        FIDSpec(weights=str(path), allow_small=True).build(kit.context())
    assert str(refused.value) == (
        f"{path} holds no weights of Inception v3 of torch-fidelity: Conv2d_1a_3x3.conv.weight is "
        "missing (472 tensors are missing, 0 of another shape, of 472). Give its state dict, or "
        "leave `weights: cached` and bring the published file"
    )
    held = torch.load(path)
    held["features.0.weight"] = held["features.0.weight"][:, :1]
    torch.save(held, path)
    told = r"features\.0\.weight is 64x1x3x3, 64x3x3x3 is expected"
    with pytest.raises(UserError, match=told):
        LPIPSSpec(network="squeeze", weights=str(path)).build(kit.context())


def test_code_in_a_file_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "code.pth"
    torch.save({"Conv2d_1a_3x3.conv.weight": Path("x")}, path)
    with pytest.raises(UserError, match="holds code or objects"):
        published_networks.inception(str(path), "cpu")


def test_a_cached_file_must_be_the_published_one(hub: Path) -> None:
    hub.mkdir(parents=True)
    path = file_of(hub / SQUEEZENET.name, models.squeezenet1_1)
    told = r"is not the published file: its sha256 is \w{64}, and b8a52dc0\.\.\. was expected"
    with pytest.raises(UserError, match=told):
        LPIPSSpec(network="squeeze").build(kit.context())
    assert LPIPSSpec(network="squeeze", weights=str(path)).build(kit.context()) is not None


# ---------------------------------------------------------------------------------- fetching


def test_only_what_is_wanted_from_the_cache_is_fetched(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def fetch(url: str, path: Path, *, sha256: str) -> None:
        asked.append((url, path, sha256))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    monkeypatch.setattr(downloads, "fetch_file", fetch)
    FIDSpec(weights="a/file.pth").fetch()
    assert asked == []
    for spec in (FIDSpec(), KIDSpec(), DISTSSpec()):
        spec.fetch()
    files = [(file.url, hub / file.name, file.sha256) for file in (INCEPTION, VGG16)]
    assert asked == files  # each once


def test_paths_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    metrics = {"far": {"use": "fid", "weights": "w.pth"}, "kid": {"use": "kid"}}
    recipe = Recipe.load("quickstart", set={"validation.metrics": metrics}).with_absolute_paths()
    assert recipe.validation is not None
    held = recipe.validation.metrics
    assert held["far"] == FIDSpec(weights=str(tmp_path / "w.pth"))
    assert held["kid"] == KIDSpec()


def test_the_page_names_every_file_and_every_bound() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "score-with-learned-features.md"
    told = page.read_text(encoding="utf-8")
    for spec in SPECS:
        file = spec().file
        assert f"`{file.name}`, {file.megabytes} MB" in told
        assert f"\n| `{spec.name}` |" in told
    for spec, count in ((FIDSpec(), 2048), (FDDinoV2Spec(), 1024), (KIDSpec(), 50)):
        assert f"| `{spec.name}` | {count:,}" in told
        spec.require(count)
        with pytest.raises(UserError):
            spec.require(count - 1)
