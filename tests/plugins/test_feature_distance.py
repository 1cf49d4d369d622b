"""The kernel distance of two sets of pictures, by features of a fixed network."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

from gan_zoo.components import ContractError, Sample, UserError
from gan_zoo.testing import metrics
from gan_zoo_metrics.feature_distance import FeatureDistance
from gan_zoo_metrics.feature_distance_specs import FeatureDistanceSpec
from gan_zoo_metrics.fixed_networks import RandomConvolutions, digest

SAMPLE = Sample("one", ("one.png",), {})
SPEC = FeatureDistanceSpec()
BACKBONE = "test_resnet"
FIRST = [0.12912871715700258, -0.21704716775574265, -0.43277431195850824]  # weights of seed 0
DIGEST = "63e5a9d5303bb247"


def noise(count: int, seed: int, least: int = 0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randint(least, 256, (3, 20, 24), generator=draw).byte() for _ in range(count)]


def fed(metric: Any, made: list[Tensor], real: list[Tensor]) -> Any:
    for ours, theirs in zip(made, real, strict=True):
        metric.update(ours, theirs, SAMPLE)
    return metric


def scored(spec: FeatureDistanceSpec, made: list[Tensor], real: list[Tensor]) -> float:
    found: float = fed(spec.build(metrics.context()), made, real).compute()
    return found


def estimator(network: nn.Module) -> FeatureDistance:
    said: list[str] = []
    return FeatureDistance(network, {}, device="cpu", dtype=torch.float64, say=said.append)


class Mean(nn.Module):
    """Features that can be written down: the mean of every channel."""

    def forward(self, picture: Tensor) -> Tensor:
        return picture.mean((2, 3))


def kernel(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    return float((x @ y / len(x) + 1) ** 3)


def by_hand(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    terms = [
        kernel(x[i], x[j]) + kernel(y[i], y[j]) - kernel(x[i], y[j]) - kernel(y[i], x[j])
        for i, j in itertools.permutations(range(len(x)), 2)
    ]
    return float(np.mean(terms))


def features(pictures: list[Tensor]) -> np.ndarray[Any, Any]:
    means = [picture.double().mean((1, 2)) / 127.5 - 1 for picture in pictures]
    return torch.stack(means).numpy()


# ---------------------------------------------------------------------------------- the estimate


def test_black_against_white_is_known() -> None:
    """k of features -1 and -1 is 8, of -1 and 1 is 0: 8 + 8 - 0 - 0."""
    black, white = [torch.zeros(3, 4, 4).byte()] * 3, [torch.full((3, 4, 4), 255).byte()] * 3
    metric = fed(estimator(Mean()), black, white)
    assert metric.compute() == 16
    assert metric.beside() == {"standard error": 0}


def test_it_is_the_mean_over_pairs_of_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    made, real = noise(7, 1, least=100), noise(7, 2)
    wanted = by_hand(features(made), features(real))
    monkeypatch.setattr("gan_zoo_metrics.feature_distance.ROWS", 3)  # in parts
    metric = fed(estimator(Mean()), made, real)
    assert metric.compute() == pytest.approx(wanted, rel=1e-12)
    leave_one_out = [
        by_hand(*(np.delete(features(all_of_it), i, axis=0) for all_of_it in (made, real)))
        for i in range(7)
    ]
    error = math.sqrt(6 / 7 * np.square(leave_one_out - np.mean(leave_one_out)).sum())
    assert metric.beside()["standard error"] == pytest.approx(error, rel=1e-9)


def test_it_is_the_statistic_of_torch_fidelity() -> None:
    kid = pytest.importorskip("torch_fidelity.metric_kid", reason="compares with torch-fidelity")
    x, y = features(noise(9, 1, least=60)), features(noise(9, 2))
    kernels = [(one @ other.T / 3 + 1) ** 3 for one, other in ((x, x), (x, y), (y, y))]
    theirs = kid.mmd2(*kernels, mmd_est="u-statistic")
    metric = fed(estimator(Mean()), noise(9, 1, least=60), noise(9, 2))
    assert metric.compute() == pytest.approx(theirs, abs=1e-12)


def test_it_is_unbiased() -> None:
    """Two sets of the same kind are at 0 in the mean, and below it as often as not."""
    found = [scored(SPEC, noise(4, seed), noise(4, 1000 + seed)) for seed in range(60)]
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    assert 15 < sum(value < 0 for value in found) < 45


def test_equal_sets_are_at_0_and_others_apart() -> None:
    real = noise(5, 0)
    assert scored(SPEC, real, real) == 0
    assert scored(SPEC, noise(5, 1, least=128), real) > 100 * abs(scored(SPEC, noise(5, 1), real))


def test_one_picture_has_no_distance_and_it_is_said_once() -> None:
    said: list[str] = []
    metric: Any = SPEC.build(replace(metrics.context(), say=said.append))
    fed(metric, noise(1, 0), noise(1, 1))
    assert math.isnan(metric.compute())
    assert math.isnan(metric.compute())
    assert said == ["feature_distance has no value: it is of sets, two pictures at least"]
    assert metric.beside() == {}


def test_grey_is_seen_and_other_channels_are_refused() -> None:
    grey = [picture[:1] for picture in noise(3, 0)]
    colored = [picture.expand(3, -1, -1) for picture in grey]
    dark = [picture // 2 for picture in grey]
    assert scored(SPEC, dark, grey) == scored(SPEC, [p.expand(3, -1, -1) for p in dark], colored)
    two = [torch.zeros(2, 8, 8).byte()]
    with pytest.raises(UserError, match=r"one.png: 2 channels came"):
        scored(SPEC, two, two)


# ---------------------------------------------------------------------------------- the networks


def test_the_random_network_is_the_same_everywhere() -> None:
    """The weights to the bit, and the judge says so."""
    network = RandomConvolutions(seed=0)
    first = network.weights[0].flatten()[:3].tolist()
    assert first == FIRST
    assert digest(network) == DIGEST
    torch.manual_seed(5)
    assert digest(RandomConvolutions(seed=0)) == DIGEST != digest(RandomConvolutions(seed=1))
    judge: Any = SPEC.build(metrics.context())
    assert judge.protocol() == {
        "network": "random convolutions: 3x3, stride 2, ReLU, 32-64-128-256 channels, mean over "
        "pixels of each layer",
        "seed": 0,
        "weights": DIGEST,
    }


def test_the_random_network_keeps_the_scale_of_its_input() -> None:
    """He's bound: all layers have features of about one size, so that each counts."""
    picture = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)).double()
    features = RandomConvolutions(seed=0)(picture)
    assert features.shape == (4, 480)
    means = [part.square().mean().sqrt().item() for part in features.split([32, 64, 128, 256], 1)]
    assert max(means) / min(means) < 2


def test_random_weights_draw_nothing_of_the_program() -> None:
    for spec in (SPEC, FeatureDistanceSpec(network=BACKBONE, weights="none")):
        torch.manual_seed(0)
        before = torch.get_rng_state()
        spec.build(metrics.context())
        assert torch.equal(torch.get_rng_state(), before)


def test_a_file_fills_a_model_of_timm(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = timm.create_model(BACKBONE)
    path = tmp_path / "weights.safetensors"
    save_file(model.state_dict(), path)
    spec = FeatureDistanceSpec(network=BACKBONE, weights=str(path))
    made: Any = spec.build(metrics.context())
    picture = noise(1, 0)[0]
    mean, deviation = (torch.tensor(model.pretrained_cfg[key]) for key in ("mean", "std"))
    seen = (picture / 255 - mean[:, None, None]) / deviation[:, None, None]
    with torch.inference_mode():
        wanted = model.eval().forward_intermediates(seen[None], intermediates_only=True)[-1]
    assert torch.allclose(made._features(picture), wanted[0].mean((1, 2)).double(), atol=1e-5)
    assert made.protocol()["network"] == "timm test_resnet, deepest features, mean over pixels"
    other: Any = FeatureDistanceSpec(network=BACKBONE, weights="none").build(metrics.context())
    assert other.protocol()["weights"] != made.protocol()["weights"]


def test_where_a_file_lies_is_no_part_of_the_protocol(tmp_path: Path) -> None:
    assert FeatureDistanceSpec.files == ("weights",)
    spec = FeatureDistanceSpec(network=BACKBONE, weights="weights.pth")
    assert Path(spec.with_absolute_paths().weights).is_absolute()
    assert SPEC.with_absolute_paths() == SPEC


def test_what_is_absent_or_wrong_is_said_with_its_cure(tmp_path: Path) -> None:
    assert SPEC.missing() == []
    assert FeatureDistanceSpec(network=BACKBONE, weights="none").missing() == []
    [told] = FeatureDistanceSpec(network=BACKBONE, weights=str(tmp_path / "no.pth")).missing()
    assert "there is no file" in told
    assert "network to random" in told
    [told] = FeatureDistanceSpec(network="resnet18").missing()
    assert "timm's weights of resnet18 are not in the cache" in told
    with pytest.raises(ContractError, match="no model 'resnet81'; did you mean"):
        FeatureDistanceSpec(network="resnet81").check({})
    with pytest.raises(ValidationError, match=r"weights w.pth came, and the network random"):
        FeatureDistanceSpec(weights="w.pth")
    torch.save({"other": torch.zeros(1)}, tmp_path / "w.pth")
    spec = FeatureDistanceSpec(network=BACKBONE, weights=str(tmp_path / "w.pth"))
    with pytest.raises(UserError, match="holds no weights of timm's test_resnet"):
        spec.build(metrics.context())
    with pytest.raises(UserError, match="feature_distance: timm's vit_tiny_patch16_224"):
        FeatureDistanceSpec(network="vit_tiny_patch16_224", weights="none").build(metrics.context())
