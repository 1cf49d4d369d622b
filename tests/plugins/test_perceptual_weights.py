from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision import models

from gan_zoo import checks
from gan_zoo.components import backbones
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train
from gan_zoo_losses import feature_specs
from gan_zoo_losses.feature_specs import PerceptualSpec
from tests.plugins.test_perceptual import SMALL, recipe

# ---------------------------------------------------------------------------------- weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    """VGG16 as torchvision publishes it, but for the classifier's size."""
    torch.manual_seed(7)
    return {
        **{f"features.{k}": t for k, t in models.vgg16().features.state_dict().items()},
        "classifier.0.weight": torch.zeros(1),
    }


def vgg16(path: Path | str) -> PerceptualSpec:
    return PerceptualSpec(network="vgg16", levels=(1, 2), weights=str(path))


@pytest.mark.parametrize("kind", ["whole.pth", "whole.safetensors", "features.pth", "state.pth"])
def test_a_file_fills_the_network(whole: dict[str, Tensor], tmp_path: Path, kind: str) -> None:
    path, held = tmp_path / kind, dict(whole)
    if kind.startswith("features"):
        held = {k.removeprefix("features."): t for k, t in whole.items() if "features" in k}
    if path.suffix == ".pth":
        torch.save({"epoch": 1, "state_dict": held} if kind == "state.pth" else held, path)
    else:
        save_file(held, path)
    spec = vgg16(path)
    assert spec.missing() == []
    assert spec.notes() == []
    assembly = assemble(recipe(spec), weights=False)  # as a resumed run is assembled
    loss: Any = assembly.losses["content"]
    ours = loss.network.features.state_dict()
    assert len(ours) == 2 * 3  # conv1_1, conv1_2, conv2_1
    assert all(torch.equal(tensor, whole[f"features.{key}"]) for key, tensor in ours.items())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    assert assemble(recipe(spec), losses="none").losses == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda held: held.pop("features.28.bias"), r"28\.bias is missing \(1 tensors are missing"),
        (
            lambda held: held.update({"features.0.weight": torch.zeros(64, 1, 3, 3)}),
            r"0\.weight is 64x1x3x3, 64x3x3x3 is expected \(0 tensors are missing, 1 of another",
        ),
        (lambda held: held.update({"features.1.weight": torch.zeros(1)}), r"1\.weight is none of"),
        (lambda held: held.clear(), "a state dict was expected"),
        (lambda held: held.update(code=Path("x")), r"holds code or objects \(pathlib"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(
    whole: dict[str, Tensor], tmp_path: Path, change: Any, told: str
) -> None:
    path, held = tmp_path / "vgg.pth", dict(whole)
    change(held)
    torch.save(held, path)
    with pytest.raises(UserError, match=told) as refused:
        assemble(recipe(vgg16(path)))
    assert str(path) in str(refused.value)


def test_another_vgg_s_file_is_refused_though_its_first_layers_fit(tmp_path: Path) -> None:
    path = tmp_path / "vgg19.pth"
    with torch.device("meta"):
        empty = models.vgg19().features.state_dict()
    torch.save({key: torch.zeros(t.shape) for key, t in empty.items()}, path)
    with pytest.raises(UserError) as refused:
        assemble(recipe(vgg16(path)))
    assert str(refused.value) == (
        f"{path} holds no weights of torchvision's vgg16: 17.weight is missing (6 tensors are "
        "missing, 1 of another shape, of 26). Give the state_dict() of torchvision.models.vgg16(), "
        "or of its features, or the network that the file is of"
    )


def test_a_backbone_s_file(tmp_path: Path) -> None:
    torch.manual_seed(7)
    model, path = timm.create_model("test_byobnet"), tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    loss: Any = assemble(recipe(PerceptualSpec(**SMALL, weights=str(path)))).losses["content"]
    ours = {k.replace("stages_", "stages."): t for k, t in loss.network.state_dict().items()}
    assert len(ours) > 5
    assert all(torch.equal(tensor, model.state_dict()[key]) for key, tensor in ours.items())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    with pytest.raises(UserError, match="holds no weights of timm's test_resnet"):
        assemble(recipe(PerceptualSpec(network="test_resnet", levels=(1,), weights=str(path))))


def test_published_weights_come_from_torch_hub_s_cache_and_from_nowhere_else(
    whole: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    spec = PerceptualSpec(network="vgg16", levels=(1,))
    [line] = spec.missing()
    assert "torchvision's weights of vgg16 are not in the cache of this machine" in line
    assert "import torchvision; torchvision.models.vgg16(weights='IMAGENET1K_V1')" in line
    assert "--set losses.NAME.weights=none" in line
    with pytest.raises(UserError, match="not in the cache"):
        assemble(recipe(spec))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(whole, cache / "vgg16-397923af.pth")
    assert spec.missing() == []
    loss: Any = assemble(recipe(spec)).losses["content"]
    assert torch.equal(loss.network.features[0].weight, whole["features.0.weight"])


@pytest.mark.parametrize("variable", ["TORCH_HOME", "XDG_CACHE_HOME"])
def test_the_cache_is_found_without_torch_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    cache = tmp_path / ("torch" if variable == "XDG_CACHE_HOME" else "") / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "weights.pth").touch()
    assert backbones.hub_file("weights.pth") == cache / "weights.pth"
    monkeypatch.delitem(sys.modules, "torch")
    assert backbones.hub_file("weights.pth") == cache / "weights.pth"
    assert backbones.hub_file("others.pth") is None


def test_the_cache_s_file_names_are_torchvision_s() -> None:
    urls = {
        "vgg19": models.VGG19_Weights.IMAGENET1K_V1.url,
        "vgg16": models.VGG16_Weights.IMAGENET1K_V1.url,
    }
    names = {name: url.rpartition("/")[2] for name, url in urls.items()}
    assert names == feature_specs.VGG_FILES


def test_timm_s_weights_are_looked_for_in_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    [line] = PerceptualSpec(network="test_byobnet").missing()
    assert "timm.create_model('test_byobnet', pretrained=True)" in line


def test_a_phase_that_weighs_it_anew_keeps_its_weights(
    whole: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "vgg.pth"
    torch.save(whole, path)
    phases = {"early": {"steps": 1}, "late": {"steps": 1, "set": {"losses.content.weight": 1.0}}}
    made = tiny(path, phases={"main": None, **phases})
    assembly = assemble(made)
    path.unlink()
    cpu = Precision(torch.device("cpu"), "float32", "contiguous")
    one, other = (cast(Any, PhaseRunner(assembly, name, cpu).losses["content"]) for name in phases)
    assert one is not other
    assert (one.weight, other.weight) == (10, 1)
    theirs = other.state_dict()
    assert all(tensor.data_ptr() == theirs[k].data_ptr() for k, tensor in one.state_dict().items())
    assert not any(parameter.requires_grad for parameter in other.parameters())


# ---------------------------------------------------------------------------------- from a recipe


def tiny(path: Path | str, **more: Any) -> Recipe:
    """The quickstart with a perceptual loss of this file."""
    changes: dict[str, Any] = {
        "losses.content": {
            **{"use": "perceptual", "network": "vgg16", "levels": [1, 2], "weights": str(path)},
        },
        "generator": {"use": "unet", "width": 2, "depth": 2},
        "discriminator": {"use": "patch", "width": 2, "layers": 1},
        "phases": {"main": {"epochs": None, "steps": 4, "schedule": None}},
        **{"callbacks": None, "validation": None, "data.workers": 0, "engine.device": "cpu"},
    }
    return Recipe.load("quickstart", set={**changes, **more})


def test_absent_weights_are_said_by_check_and_stop_a_run(tmp_path: Path) -> None:
    gone = tmp_path / "gone.pth"
    made = tiny(gone)
    report = checks.check(made)
    [line] = report.needed
    assert line.startswith(f"losses.content: weights: there is no file {gone}; give a .safetensors")
    assert report.phases[0].flop > 0
    with pytest.raises(UserError, match=r"there is no file .*gone\.pth"):
        train(made, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_random_features_are_said_by_check() -> None:
    report = checks.check(tiny("none"))
    assert report.needed == []
    assert "losses.content: random features: weights none, so vgg16 has learned nothing" in (
        report.notes
    )


def test_a_run_reads_the_file_at_every_start_and_translates_without_it(
    whole: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    torch.save(whole, "vgg.pth")
    train(tiny("vgg.pth"), tmp_path / "run", steps=1)
    monkeypatch.chdir(tmp_path)  # the path was made absolute
    run = resume(tmp_path / "run", steps=2)
    saved: Any = RunFolder.open(run.path).recipe().losses["content"]
    assert saved.weights == str(tmp_path / "here" / "vgg.pth")
    stored = [path.name for path in run.path.rglob("*.safetensors")]
    assert stored
    assert not any("losses" in name or "content" in name for name in stored)
    (tmp_path / "here" / "vgg.pth").unlink()
    with pytest.raises(UserError, match=r"there is no file .*vgg\.pth"):
        resume(run.path, steps=3)
    Translator.load(run.path, device="cpu")
