"""Compiled models make the pictures that they make without, and say what they wait for."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

import gan_zoo
from gan_zoo.cli import app
from gan_zoo.engine import compiling
from gan_zoo.inference import compiled
from gan_zoo.inference.compiled import Program
from gan_zoo.inference.noise import OwnNoise
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import Told, grey, picture, pixels, programs, refusing, trained
from tests.inference.styles.conftest import trained as styled

SIZES = ((64, 64), (48, 64), (70, 90))  # the last one is padded to 72x96
RESNET = {"generator": {"use": "resnet", "width": 4, "blocks": 1, "norm": "instance"}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("compiled") / "run", **{"generator.depth": 3})


pytestmark = pytest.mark.usefixtures("compiler")


def equal(one: Translator, other: Translator, *sizes: tuple[int, int], seed: int = 0) -> bool:
    given = [{"source": picture(*size)} for size in sizes or SIZES]
    return all(torch.equal(one.output(g, seed=seed), other.output(g, seed=seed)) for g in given)


# ------------------------------------------------------------------ the same pictures


@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("norm", ["picture", "running"])
def test_pictures_are_those_made_without(run: RunFolder, norm: str, dropout: bool) -> None:
    """Noise and all, by one program for each size."""
    set = {"inference.norm": norm, "inference.dropout": dropout}
    plain = gan_zoo.load(run, device="cpu", set=set)
    model = gan_zoo.load(run, device="cpu", set=set, compile=True, reporter=Told())
    drawn = torch.get_rng_state()
    for seed in (3, 4):
        assert equal(model, plain, (64, 64), (70, 90), seed=seed)
        assert programs() == 2
    assert torch.equal(torch.get_rng_state(), drawn)
    noisy = not torch.equal(*(model.output({"source": picture()}, seed=n) for n in (3, 4)))
    assert noisy == dropout


def test_arrays_and_pil_pictures_have_the_pictures_of_tensors(run: RunFolder) -> None:
    plain = gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=Told())
    given = picture()
    floats = given.float() / 127.5 - 1
    for one in (given, given[0].numpy(), grey(given), torch.stack([given, given]), floats):
        made, expected = model(one), plain(one)
        assert type(made) is type(expected)
        assert np.array_equal(np.asarray(made), np.asarray(expected))


def test_other_networks_are_compiled_whole(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **RESNET)
    plain = gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=Told())
    assert equal(model, plain, (64, 64))
    assert compiling.count() == compiling.Count(1, {})


def test_networks_stay_what_they_are(run: RunFolder) -> None:
    """Names of weights, and copies, which are not compiled."""
    plain = gan_zoo.load(run, device="cpu").cast.networks["generator"]
    network = gan_zoo.load(run, device="cpu", compile=True).cast.networks["generator"]
    assert [*network.state_dict()] == [*plain.state_dict()]
    with torch.inference_mode():
        copy.deepcopy(network)(torch.zeros(1, 1, 64, 64))
    assert programs() == 0


@pytest.mark.slow
def test_the_backend_that_is_used_comes_close(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same noise: others would be tenths away."""
    monkeypatch.setattr(compiling, "BACKEND", "inductor")
    plain = gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=(told := Told()))
    given = {"source": picture()}
    made, expected = model.output(given, seed=3), plain.output(given, seed=3)
    assert expected.std() > 0.1
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-4)
    assert (plain.output(given, seed=4) - expected).abs().max() > 0.1
    assert programs() == 1
    assert "not compiled" not in told.file.getvalue()


# ------------------------------------------------------------------ what is said


def test_every_new_size_is_said_before_and_after(run: RunFolder) -> None:
    told = Told()
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    assert told.lines() == []
    for size in (*SIZES, *SIZES):
        model.output({"source": picture(*size)})
    lines = told.lines()
    assert lines[0] == "Compiling generator for 64x64: seconds to minutes, once for a size"
    assert [line.split(":")[0] for line in lines[::2]] == [
        f"Compiling generator for {size}" for size in ("64x64", "48x64", "72x96")
    ]
    for size, line in zip(("64x64", "48x64", "72x96"), lines[1::2], strict=True):
        assert line.startswith(f"Compiled generator for {size} in ")
        assert line.endswith(" s")


def test_what_cannot_be_compiled_is_said_once_and_computes_as_ever(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", refusing)
    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    assert equal(model, plain, seed=2)
    assert told.lines() == [
        "Compiling generator for 64x64: seconds to minutes, once for a size",
        "generator is not compiled for 64x64 (ValueError: this machine has no compiler); it "
        "computes as it does without",
    ]


def test_a_compiler_that_is_off_is_said(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch itself would say nothing."""
    import torch._dynamo.config as tracing

    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    with tracing.patch(disable=True):
        assert equal(model, plain, (64, 64), seed=2)
    assert programs() == 0
    assert "(torch compiled nothing of it)" in told.lines()[1]


def test_more_sizes_than_torch_keeps_are_said(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go back to ordinary calls without a word of ours."""
    for module in (compiling, compiled):
        monkeypatch.setattr(module, "VARIANTS", 2)
    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    assert equal(model, plain, *SIZES, (32, 32), *SIZES)
    assert programs() == 2
    said = "generator is not compiled for 72x96 (torch keeps 2 programs a process); nor is any new"
    assert [line for line in told.lines() if "not compiled" in line] == [f"{said} size"]


def test_a_program_that_torch_lost_is_made_anew_and_said(run: RunFolder) -> None:
    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    assert equal(model, plain, (64, 64), seed=2)
    torch.compiler.reset()
    assert equal(model, plain, (64, 64), (64, 64), seed=2)
    assert programs() == 2
    assert len(told.lines()) == 3
    assert told.lines()[2].startswith("Compiled generator for 64x64 anew in ")


def test_a_program_that_cannot_be_made_anew_is_said_once(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two sizes is lost, and the other is not."""
    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    assert equal(model, plain, (64, 64), seed=2)
    torch.compiler.reset()
    for module in (compiling, compiled):
        monkeypatch.setattr(module, "VARIANTS", 1)
    assert equal(model, plain, (48, 64), (64, 64), (64, 64), (48, 64), seed=2)
    assert [line for line in told.lines() if "not compiled" in line] == [
        "generator is not compiled for 64x64 (torch keeps 1 programs a process); nor is any new "
        "size"
    ]


def test_a_backend_that_fails_later_is_no_error(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise is drawn as if it had not been tried."""
    network, x = Broken(), torch.ones(1, 1, 16, 16)
    with torch.inference_mode():
        with OwnNoise(7):
            expected = network(x)
        program = Program("network", network, told := Told())
        for tried in range(3):
            with OwnNoise(7):
                assert torch.equal(network(x), expected)
            if not tried:
                monkeypatch.setattr(compiling, "BACKEND", half_refusing())
                program._whole._compiled_call_impl = None
    assert len(told.lines()) == 3
    assert told.lines()[2] == (
        "network is not compiled for 16x16 (ValueError: this machine has no compiler); it computes "
        "as it does without"
    )


def test_an_error_of_a_computation_is_the_callers(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of memory that is full: not said to be the compiler's."""
    told = Told()
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    model.output({"source": picture()})
    program: Any = model.cast.networks["generator"]._compiled_call_impl

    def full(*_: Any) -> Any:
        raise MemoryError("full")

    monkeypatch.setattr(program, "_whole", program._whole)
    monkeypatch.setattr(program._whole, "_compiled_call_impl", full)
    with pytest.raises(MemoryError, match="full"):
        model.output({"source": picture()})
    assert len(told.lines()) == 2


def test_what_is_wrong_with_an_input_is_no_matter_of_compiling(run: RunFolder) -> None:
    told = Told()
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    network = model.cast.networks["generator"]
    with pytest.raises(RuntimeError, match="channels"), torch.inference_mode():
        network(torch.zeros(1, 2, 64, 64))
    assert not [line for line in told.lines() if "not compiled" in line]
    assert equal(model, gan_zoo.load(run, device="cpu"), (64, 64))
    assert programs() == 1


class Broken(nn.Module):
    """Noise before and after a place where torch starts another program."""

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.dropout(x, 0.5, training=True)
        torch._dynamo.graph_break()
        return nn.functional.dropout(x, 0.5, training=True)


def half_refusing(made: list[int] | None = None) -> Callable[..., Any]:
    """A backend that takes one program."""
    made = [] if made is None else made

    def second_refused(graph: Any, _: Any) -> Callable[..., Any]:
        made.append(1)
        return refusing() if len(made) > 1 else graph.forward  # type: ignore[no-any-return]

    return second_refused


def test_what_fails_half_way_draws_no_noise_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(compiling, "BACKEND", half_refusing(made))
    network, x = Broken(), torch.ones(1, 1, 16, 16)
    with torch.inference_mode():
        with OwnNoise(7):
            expected = network(x)
        Program("network", network, told := Told())
        for _ in range(2):
            with OwnNoise(7):
                assert torch.equal(network(x), expected)
    assert len(made) == 2
    assert len(told.lines()) == 2


# ------------------------------------------------------------------ while training


def test_a_loaded_model_is_compiled_only_when_asked(run: RunFolder, tmp_path: Path) -> None:
    """Whatever made its training faster."""
    other = tmp_path / "run"
    shutil.copytree(run.path, other)
    text = (other / "recipe.yaml").read_text(encoding="utf-8")
    assert "compile: auto" in text
    (other / "recipe.yaml").write_text(
        text.replace("compile: auto", "compile: networks"), encoding="utf-8"
    )
    model = gan_zoo.load(other, device="cpu")
    assert model.recipe.engine.compile == "networks"
    assert model.cast.precision.compile == "off"
    assert equal(model, gan_zoo.load(run, device="cpu"))
    assert programs() == 0


def test_pictures_of_a_training_are_made_without(run: RunFolder) -> None:
    """At any size; and training goes on compiled afterwards."""
    loaded = gan_zoo.load(run, device="cpu")
    cast = copy.copy(gan_zoo.load(run, device="cpu").cast)
    cast.precision = replace(cast.precision, compile="networks")
    network = cast.networks["generator"].train()
    compiling.compile_in_place([network])
    x = torch.zeros(2, 1, 64, 64)
    network(x)
    assert programs() == 1
    watching = Translator(WiredPhase(loaded.phase, loaded.recipe), cast, loaded.method)
    network.load_state_dict(loaded.cast.networks["generator"].state_dict())
    assert equal(watching, loaded)
    assert programs() == 1
    assert all(layer.training for layer in network.modules())
    network(x)
    assert programs() == 1
    network(x[:1])
    assert programs() == 2


def test_styles_are_encoded_without(tmp_path: Path) -> None:
    """As the pictures of a run in training are."""
    loaded = gan_zoo.load(styled(tmp_path / "run"), device="cpu")
    maps = loaded.data.open("train").read(0, None).maps
    expected = loaded.stylist.of_sample(maps)["texture"]
    cast = copy.copy(loaded.cast)
    cast.precision = replace(cast.precision, compile="blocks")
    encoder = cast.conditions["texture"]
    compiling.compile_in_place(encoder.children())
    watching = Translator(WiredPhase(loaded.phase, loaded.recipe), cast, loaded.method)
    found = watching.stylist.of_sample(maps)["texture"]
    assert programs() == 0
    assert len(found) == len(expected) > 1
    assert all(torch.equal(found[key], style) for key, style in expected.items())


# ------------------------------------------------------------------ the command line


def test_the_command_writes_the_same_files(run: RunFolder, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    for n in range(3):
        grey(picture(64, 32 * (1 + n // 2))).save(given / f"{n}.png")
    words = ["translate", str(run.path), str(given)]
    said = CliRunner().invoke(app, [*words, str(tmp_path / "plain"), "--device", "cpu"])
    assert said.exit_code == 0
    assert programs() == 0
    assert "cpu, float32, contiguous; seed" in said.output
    words += [str(tmp_path / "out"), "--device", "cpu", "--compile"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0
    assert said.output.count("Compiling generator for ") == programs() == 2
    assert "cpu, float32, contiguous, compiled; seed" in said.output
    for n in range(3):
        made, plain = (pixels(tmp_path / out / f"{n}.png") for out in ("out", "plain"))
        assert np.array_equal(made, plain)


def test_the_command_takes_a_precision(run: RunFolder, tmp_path: Path) -> None:
    grey(picture()).save(tmp_path / "one.png")
    words = ["translate", str(run.path), str(tmp_path / "one.png"), str(tmp_path / "out")]
    said = CliRunner().invoke(app, [*words, "--device", "cpu", "--precision", "bfloat16"])
    assert said.exit_code == 0
    assert "cpu, bfloat16, contiguous" in said.output
    expected = gan_zoo.load(run, device="cpu", precision="bfloat16")(tmp_path / "one.png")
    assert np.array_equal(pixels(tmp_path / "out" / "one.png"), np.asarray(expected))
