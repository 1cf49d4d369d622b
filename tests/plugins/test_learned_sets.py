"""Scores of sets by learned features: what torch-fidelity says, given the same file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch
import torch_fidelity
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchvision import models
from torchvision.utils import save_image

import gan_zoo
from gan_zoo.components.interfaces import Sample
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter
from gan_zoo.testing import metrics as kit
from gan_zoo.testing.subject import NotAtHand, Subject
from gan_zoo_metrics import features, published_networks
from gan_zoo_metrics.extra_specs import FDDinoV2Spec, FIDSpec, KIDSpec, PrecisionRecallSpec
from gan_zoo_metrics.feature_sets import (
    FrechetDistance,
    KernelDistance,
    PrecisionRecall,
    frechet_distance,
    share_within,
)
from tests.plugins.random_weights import file_of

COUNT = 10
QUIET: dict[str, Any] = {"cuda": False, "cache": False, "verbose": False, "save_cpu_ram": True}


class SmallKIDSpec(KIDSpec, name="small_kid"):
    """Of fewer pictures than users may score."""

    least: ClassVar[int] = 2


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_of(tmp_path_factory.mktemp("judge") / "inception.pth", published_networks.Inception)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are resized to the smallest side that Inception takes: tests of 299 are slow."""
    monkeypatch.setattr(FeatureExtractorInceptionV3, "INPUT_IMAGE_SIZE", 75)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Tensor, Tensor, Sample]]:
    """Pictures of 40 x 56, generated ones darker and noisier than real ones; names in no order."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for number in range(COUNT):
        low = torch.rand((1, 3, 5, 7), generator=generator)
        real = torch.nn.functional.interpolate(low, scale_factor=8, mode="bilinear")[0] * 255
        made = 0.8 * real + 20 * torch.randn(real.shape, generator=generator)
        made, real = (x.clamp(0, 255).to(torch.uint8) for x in (made, real))
        name = f"{7 * number % COUNT:02}"
        found.append((made, real, SimpleNamespace(name=name)))
    return found  # type: ignore[return-value]


@pytest.fixture(scope="module")
def folders(pairs: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same as files, for torch-fidelity."""
    root = tmp_path_factory.mktemp("pictures")
    for kind in (0, 1):
        (root / str(kind)).mkdir()
        for pair in pairs:
            save_image(pair[kind].float() / 255, root / str(kind) / f"{pair[2].name}.png")
    return {"input1": str(root / "0"), "input2": str(root / "1")}


def scored(spec: Any, pairs: Any) -> Any:
    at = replace(kit.context(), split="test")
    metric = spec.build(at)
    for pair in pairs:
        metric.update(*pair)
    return metric


# ---------------------------------------------------------------------------------- agreement


def test_kid_and_precision_agree_with_torch_fidelity_given_the_same_file(
    inception: Path, small: None, pairs: Any, folders: dict[str, str]
) -> None:
    """Precision and recall there by Inception's features, as VGG16's file has half a gigabyte."""
    told = torch_fidelity.calculate_metrics(
        **folders,
        **QUIET,
        kid=True,
        prc=True,
        kid_subsets=20,
        kid_subset_size=COUNT // 2,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(inception),
    )
    kid = scored(SmallKIDSpec(weights=str(inception), subsets=20), pairs)
    value, sd = kid.compute(), kid.beside()["sd"]
    assert value == pytest.approx(told["kernel_inception_distance_mean"], rel=1e-3)
    assert sd == pytest.approx(told["kernel_inception_distance_std"], rel=1e-3)
    assert value > 0.001
    made, real = kid.sets()
    precision, recall = share_within(made, real, 3), share_within(real, made, 3)
    assert (precision, recall) == pytest.approx((told["precision"], told["recall"]), abs=1e-6)


def test_features_are_those_of_torch_fidelity_and_pass_once_for_all_metrics(
    inception: Path, small: None, pairs: Any
) -> None:
    reference = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(inception)
    )
    ours = published_networks.inception(str(inception), "cpu")
    for made, real, _ in pairs[:2]:
        expected = reference(torch.stack([made, real]))[0]
        found = torch.stack([ours.of(made), ours.of(real)])
        assert (found - expected).abs().max() < 1e-4 * expected.abs().max()
        assert ours.of(made) is ours.of(made)
    fid = FIDSpec(weights=str(inception), allow_small=True).build(kit.context())
    kid = SmallKIDSpec(weights=str(inception)).build(kit.context())
    assert fid._features is kid._features is ours  # type: ignore[attr-defined]
    grey = pairs[0][0][:1]
    assert torch.equal(ours.of(grey), ours.of(grey.repeat(3, 1, 1)))


@pytest.mark.parametrize("count", [30, 200])
def test_the_statistics_are_those_of_torch_fidelity(count: int) -> None:
    """With fewer pictures than features, and with more."""
    generator = torch.Generator().manual_seed(2)
    mixing = torch.randn(64, 64, generator=generator) / 8
    made = torch.randn(count, 64, generator=generator).relu() @ mixing
    real = 1.3 * torch.randn(count, 64, generator=generator).relu() @ mixing + 0.05
    statistics = [fid_features_to_statistics(x) for x in (made, real)]
    told = fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    made, real = made.double(), real.double()
    assert frechet_distance(made, real) == pytest.approx(told, rel=1e-4, abs=1e-4)
    assert frechet_distance(made, made) == pytest.approx(0, abs=1e-10)
    kid = KernelDistance(None, int, subsets=10, size=1000, seed=2020)  # type: ignore[arg-type]
    options = {"kid_subsets": 10, "kid_subset_size": count // 2, "rng_seed": 2020, **QUIET}
    expected = kid_features_to_metric(made, real, **options)
    assert kid.score(made, real) == pytest.approx(expected["kernel_inception_distance_mean"])


def test_shares_are_those_of_torch_fidelity() -> None:
    generator = torch.Generator().manual_seed(3)
    made = torch.randn(300, 16, generator=generator)
    real = 1.3 * torch.randn(200, 16, generator=generator)
    told = prc_features_to_metric(made, real, prc_neighborhood=3, **QUIET)
    metric = PrecisionRecall(None, int, neighbors=3)  # type: ignore[arg-type]
    both = metric.score(made.double(), real.double())
    assert both == pytest.approx({key: told[key] for key in both}, abs=1e-6)
    assert 0.1 < both["recall"] < 0.9 < both["precision"] < 1


def test_a_frechet_distance_of_known_gaussians() -> None:
    """Of N(0, 1) and N(3, 2^2) in one dimension: (0 - 3)^2 + (1 - 2)^2."""
    x = torch.randn(5000, 1, generator=torch.Generator().manual_seed(0)).double()
    x = (x - x.mean()) / x.std()
    assert frechet_distance(x, 2 * x + 3) == pytest.approx(10)


@pytest.mark.slow
def test_fid_and_precision_recall_agree_at_full_size(
    inception: Path, pairs: Any, folders: dict[str, str], tmp_path: Path
) -> None:
    told = torch_fidelity.calculate_metrics(
        **folders, **QUIET, fid=True, feature_extractor_weights_path=str(inception)
    )
    fid = scored(FIDSpec(weights=str(inception), allow_small=True), pairs)
    assert fid.compute() == pytest.approx(told["frechet_inception_distance"], rel=1e-3)
    assert fid.beside() == {"biased_below": 2048.0}
    path = file_of(tmp_path / "vgg16.pth", models.vgg16)
    told = torch_fidelity.calculate_metrics(
        **folders, **QUIET, prc=True, feature_extractor_weights_path=str(path)
    )
    found = scored(PrecisionRecallSpec(weights=str(path)), pairs)
    shares = found.compute()
    assert shares["precision"] == pytest.approx(told["precision"], abs=1e-3)
    assert shares["recall"] == pytest.approx(told["recall"], abs=1e-3)
    reference = FeatureExtractorVGG16("vgg16", ["fc2_relu"], str(path))
    expected = reference(pairs[0][0][None])[0][0]
    ours = published_networks.vgg16(str(path), "cpu").of(pairs[0][0])
    assert (ours - expected).abs().max() < 1e-4 * expected.max()


# ---------------------------------------------------------------------------------- refusals


def test_too_few_pictures_are_refused_with_the_cure() -> None:
    with pytest.raises(UserError) as refused:
        FIDSpec().require(100)
    assert str(refused.value) == (
        "fid: 100 pictures came, and below 2048, the number of its features, it is biased. Use "
        "kid, which is not; or say allow_small: true in the recipe's validation.metrics to see it, "
        "marked (biased: N=100 < 2048)"
    )
    FIDSpec().require(2048)
    FIDSpec(allow_small=True).require(2)
    with pytest.raises(UserError, match="fid: 1 pictures have no covariance; 2 are needed"):
        FIDSpec(allow_small=True).require(1)
    with pytest.raises(UserError, match="fd_dinov2: 1023 pictures came, and below 1024"):
        FDDinoV2Spec().require(1023)
    with pytest.raises(UserError, match="below 384"):
        FDDinoV2Spec(network="vits14").require(383)
    with pytest.raises(UserError, match="kid: 49 pictures came, and of fewer than 50"):
        KIDSpec().require(49)
    KIDSpec().require(50)
    with pytest.raises(UserError, match="3 pictures came, and 3 neighbors of each need 4"):
        PrecisionRecallSpec().require(3)


def test_what_was_added_is_counted_too() -> None:
    features = SimpleNamespace(of=lambda picture: torch.zeros(4), judge={})
    metric = FrechetDistance(features, FIDSpec().require, unbiased_from=2048)  # type: ignore[arg-type]
    picture: Any = torch.zeros(3, 8, 8, dtype=torch.uint8)
    metric.update(picture, picture, SimpleNamespace(name="a"))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="fid: 1 pictures came"):
        metric.compute()


def test_a_run_refuses_before_its_first_step(tmp_path: Path, inception: Path) -> None:
    """The split that would be validated is counted; nothing is trained."""
    use = {"use": "fid", "weights": str(inception)}
    recipe = Recipe.load(
        "quickstart",
        set={
            "validation": {"every": 1, "split": "val", "metrics": {"far": use}, "best": None},
            "data.workers": 0,
        },
    )
    assert recipe.validation is not None
    count = len(recipe.data.open("val"))
    with pytest.raises(UserError, match=f"fid: {count} pictures came, and below 2048"):
        gan_zoo.train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    log = tmp_path / "run" / "log.jsonl"
    assert not log.exists() or "losses" not in log.read_text()


# ---------------------------------------------------------------------------------- kit


KIT = (
    kit.equal_pictures_score_best,
    kit.order_does_not_count,
    kit.accumulators_stand_alone,
    kit.values_are_those_of_the_pictures,
)


def coarse(*said: Any) -> features.Features:
    """Four colors of a picture each, in the place of a network."""
    pool = torch.nn.AdaptiveAvgPool2d(2)
    return features.Features(lambda x: pool(x.float()).flatten(1), {"network": "colors"}, "cpu")


@pytest.mark.parametrize(
    "spec", [FIDSpec(allow_small=True), SmallKIDSpec(subsets=5), PrecisionRecallSpec()]
)
def test_the_conformance_kit_has_no_complaint(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("inception", "vgg16"):
        monkeypatch.setattr(published_networks, name, coarse)
    monkeypatch.setattr(type(spec), "missing", lambda self: [])
    subject = Subject(type(spec), Zoo.installed()).around(spec)
    unbiased = isinstance(spec, KIDSpec)  # so of four pictures more is noise than score
    for check in KIT[unbiased:]:
        check(subject)


def test_the_kit_has_no_sets_for_what_needs_larger_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KIDSpec, "missing", lambda self: [])
    subject = Subject(KIDSpec, Zoo.installed())
    for check in KIT:
        with pytest.raises(NotAtHand, match="have sets of 4 pictures: kid: 4 pictures came"):
            check(subject)


@pytest.mark.slow
def test_the_conformance_kit_has_no_complaint_about_inception(inception: Path) -> None:
    spec = FIDSpec(weights=str(inception), allow_small=True)
    for check in KIT:
        check(Subject(FIDSpec, Zoo.installed()).around(spec))
