"""A loaded model moves to a device, and computes in the precision that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.components.norms import InstanceNorm
from gan_zoo.engine import compiling
from gan_zoo.errors import UserError
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import Told, picture, trained

GIVEN = {"source": picture()}
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def tensors(model: Translator) -> dict[str, Tensor]:
    """Everything that the picture is made with."""
    modules = {"generator": model.cast.networks["generator"], **model.cast.conditions}
    return {f"{n}.{k}": t for n, module in modules.items() for k, t in module.state_dict().items()}


def types(model: Translator) -> set[torch.dtype]:
    return {tensor.dtype for tensor in tensors(model).values() if tensor.is_floating_point()}


# ------------------------------------------------------------------ to


def test_a_move_gives_the_model_itself_and_the_same_pictures(run: RunFolder) -> None:
    model = gan_zoo.load(run, device="cpu")
    expected = model.output(GIVEN)
    for device in ("cpu", "auto", torch.device("cpu"), None):
        if device == "auto" and torch.cuda.is_available():
            continue
        assert model.to(device) is model
        assert torch.equal(model.output(GIVEN), expected)
    assert str(model.cast.precision) == "cpu, float32, contiguous"


@NO_GPU
def test_a_device_that_is_not_there_moves_nothing(run: RunFolder) -> None:
    model = gan_zoo.load(run, device="cpu")
    expected = model.output(GIVEN)
    with pytest.raises(UserError, match=r"^device: cuda came, but here there is only cpu; use"):
        model.to("cuda", precision="float64")
    assert types(model) == {torch.float32}
    assert torch.equal(model.output(GIVEN), expected)


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "meta"])
def test_another_word_is_no_device(run: RunFolder, device: str) -> None:
    with pytest.raises(UserError, match=f"device: {device} came; auto, cpu, cuda, cuda:N or mps"):
        gan_zoo.load(run, device="cpu").to(device)


def test_everything_moves(run: RunFolder) -> None:
    """To another type, as it would to another device."""
    model = gan_zoo.load(run, device="cpu")
    expected = model.output(GIVEN)
    assert types(model.to(precision="float64")) == {torch.float64}
    wide = model.output(GIVEN)
    assert wide.dtype == torch.float64
    torch.testing.assert_close(wide.float(), expected, rtol=0, atol=1e-4)
    assert types(model.to("cpu")) == {torch.float64}  # what was asked for stays
    assert torch.equal(model.to(precision="auto").output(GIVEN), expected)
    assert types(model) == {torch.float32}
    assert torch.equal(model.to(precision="float64").output(GIVEN), wide)  # nothing was lost


def test_a_move_means_what_the_recipe_means_there(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """auto is another precision on another kind of device; the layout is that of the recipe."""
    from gan_zoo.engine import precision

    model = gan_zoo.load(run, device="cpu")
    monkeypatch.setitem(precision.AUTO["cpu"], "precision", "bfloat16")
    monkeypatch.setitem(precision.AUTO["cpu"], "memory_format", "channels_last")
    assert str(model.to("cpu").cast.precision) == "cpu, bfloat16, channels_last"
    deep = [t for t in tensors(model).values() if t.ndim == 4 and min(t.shape) > 1]
    assert deep
    assert all(t.is_contiguous(memory_format=torch.channels_last) for t in deep)
    assert torch.equal(gan_zoo.load(run, device="cpu").output(GIVEN), model.output(GIVEN))


def test_digits_that_were_rounded_do_not_come_back_by_themselves(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"engine.precision": "float64", "engine.device": "cpu"})
    model = gan_zoo.load(run, device="cpu")
    kept = run.load_weights("latest", "generator")
    assert all(torch.equal(tensors(model)[f"generator.{k}"], t) for k, t in kept.items())
    expected = model.output(GIVEN)
    assert torch.equal(model.to("cpu").output(GIVEN), expected)
    assert types(model.to(precision="float32")) == {torch.float32}
    with pytest.raises(UserError, match="rounded to float32; load the run again"):
        model.to(precision="float64")
    with pytest.raises(UserError, match="rounded to float32; load the run again"):
        gan_zoo.load(run, device="cpu", precision="bfloat16").to(precision="float64")
    again = gan_zoo.load(run, device="cpu", precision="float64")
    assert torch.equal(again.output(GIVEN), expected)


def test_networks_in_training_do_not_move(run: RunFolder) -> None:
    loaded = gan_zoo.load(run, device="cpu")
    watching = Translator(WiredPhase(loaded.phase, loaded.recipe), loaded.cast, loaded.method)
    with pytest.raises(UserError, match="these networks are being trained"):
        watching.to("cpu")


def test_a_compiled_model_is_compiled_anew_where_it_goes(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    torch.compiler.reset()
    compiling.forget_counts()
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=(told := Told()))
    plain = gan_zoo.load(run, device="cpu")
    for count, words in enumerate(({}, {"precision": "bfloat16"}, {"precision": "float64"}), 1):
        made = model.to("cpu", **words).output(GIVEN)
        assert torch.equal(made, plain.to("cpu", **words).output(GIVEN))
        assert compiling.count().graphs == count
        assert len(told.lines()) == 2 * count
    torch.compiler.reset()


# ------------------------------------------------------------------ half


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
def test_half_comes_close_to_the_whole(tmp_path: Path, norm: str) -> None:
    """Three steps of 255 on average; weights stay whole, and what is answered is, too."""
    run = trained(tmp_path / "run", **{"generator.norm": norm})
    whole = gan_zoo.load(run, device="cpu").output(GIVEN)
    model = gan_zoo.load(run, device="cpu", precision="bfloat16")
    made = model.output(GIVEN)
    apart = (made - whole).abs() * 127.5
    assert whole.std() > 0.1
    assert 0 < apart.mean() < 3
    assert apart.max() < 40
    assert made.dtype == torch.float32
    assert types(model) == {torch.float32}
    assert "; cpu, bfloat16, contiguous" in model.describe()
    moved = gan_zoo.load(run, device="cpu").to("cpu", precision="bfloat16")
    assert torch.equal(moved.output(GIVEN), made)
    layers = moved.cast.networks["generator"].modules()
    assert {one.in_half for one in layers if isinstance(one, InstanceNorm)} <= {True}
    assert torch.equal(moved.to(precision="float32").output(GIVEN), whole)


def test_a_loaded_run_computes_as_its_recipe_means(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"engine.precision": "bfloat16", "engine.device": "cpu"})
    half, whole = (gan_zoo.load(run, device="cpu", precision=p) for p in (None, "float32"))
    assert [m.cast.precision.name for m in (half, whole)] == ["bfloat16", "float32"]
    assert not torch.equal(half.output(GIVEN), whole.output(GIVEN))


def test_errors_name_what_came(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument of a call, or the line of the recipe."""
    from gan_zoo.engine import precision
    from gan_zoo.inference import numbers

    def a_gpu(*_: str) -> torch.device:
        return torch.device("mps")

    engine = gan_zoo.load(run, device="cpu").recipe.engine
    monkeypatch.setattr(numbers, "pick_device", a_gpu)
    with pytest.raises(UserError, match=r"^precision: mps has no float64"):
        numbers.choose_precision(engine, "mps", "float64")
    wide = engine.model_copy(update={"precision": "float64"})
    with pytest.raises(UserError, match=r"^engine\.precision: mps has no float64"):
        numbers.choose_precision(wide, "mps")
    assert numbers.choose_precision(wide, "mps", "auto").name == precision.AUTO["mps"]["precision"]


def test_another_word_is_no_precision(run: RunFolder) -> None:
    calls: list[Any] = [
        lambda: gan_zoo.load(run, device="cpu", precision="half"),
        lambda: gan_zoo.load(run, device="cpu").to(precision="half"),
    ]
    for call in calls:
        with pytest.raises(UserError) as problem:
            call()
        assert str(problem.value) == (
            "precision: half came; auto, float64, float32, bfloat16 or float16 was expected"
        )
