from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.errors import UserError
from gan_zoo.importer import import_run
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume

GOLDEN = Path(__file__).parents[1] / "parity/golden/pix2pix"
BATCH, INSTANCE = GOLDEN / "unet256_batch", GOLDEN / "unet128_instance_pixel"
NARROW = {"generator.width": 4, "discriminator.width": 4}
PIXEL = {
    "generator": {"width": 4, "depth": 7, "norm": "instance"},
    "discriminator": {"use": "pixel", "width": 8, "norm": "instance"},
}
STATISTICS = {"running_mean": torch.zeros(4), "running_var": torch.ones(4)}


def recipe(set: Mapping[str, Any]) -> Recipe:
    return Recipe.load("pix2pix", set=set)


def stored(folder: Path, name: str) -> dict[str, Tensor]:
    held: dict[str, Tensor] = torch.load(folder / f"latest_net_{name}.pth", weights_only=True)
    return held


def imported(folder: Path, name: str) -> dict[str, Tensor]:
    return RunFolder.open(folder).load_weights("latest", name)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Checkpoints to change: a U-Net and a PatchGAN with batch norm."""
    return Path(shutil.copytree(BATCH, tmp_path / "checkpoints"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run"


def change(folder: Path, name: str, tensors: object) -> None:
    torch.save(tensors, folder / f"latest_net_{name}.pth")


def refusal(folder: Path, set: Mapping[str, Any], out: Path) -> str:
    with pytest.raises(UserError) as refused:
        import_run(folder, recipe(set), out)
    assert not out.exists()
    return str(refused.value)


# ---------------------------------------------------------------------------------- what fits


def test_published_networks_become_a_run_that_translates(out: Path) -> None:
    lines = import_run(BATCH, recipe(NARROW), out)
    assert lines == [
        "generator (unet): latest_net_G.pth, 213,675 parameters",
        "discriminator (patch): latest_net_D.pth, 11,765 parameters",
        f"gan-zoo translate {out} INPUT OUTPUT makes pictures with it",
        f"gan-zoo resume {out} trains on from these weights, with fresh optimizers",
    ]
    theirs, ours = stored(BATCH, "G"), imported(out, "generator")
    assert len(ours) == len(theirs)
    torch.testing.assert_close(ours["encoder.0.conv.weight"], theirs["model.model.0.weight"])
    picture = torch.randint(0, 256, (3, 70, 50), dtype=torch.uint8)
    model = Translator.load(out, device="cpu")
    made = model(picture)
    assert made.shape == (3, 70, 50)
    assert torch.equal(made, model(picture))


def test_a_prefix_is_taken_off_and_missing_counters_start_at_0(copy: Path, out: Path) -> None:
    held = stored(copy, "G")
    counters = [key for key in held if key.endswith("num_batches_tracked")]
    old = {f"module.{key}": tensor for key, tensor in held.items() if key not in counters}
    change(copy, "G", old)
    lines = import_run(copy, recipe(NARROW), out)
    assert lines[1:3] == [
        "  the prefix module. of its keys was taken off",
        f"  {len(counters)} counters num_batches_tracked were missing and are 0",
    ]
    ours = imported(out, "generator")
    assert {int(t) for key, t in ours.items() if key.endswith("num_batches_tracked")} == {0}
    torch.testing.assert_close(ours["encoder.1.norm.running_var"], _norm(held, "running_var"))


def _norm(held: Mapping[str, Tensor], what: str) -> Tensor:
    return held[f"model.model.1.model.2.{what}"]


@pytest.mark.parametrize("counter", [{}, {"num_batches_tracked": torch.tensor(7)}])
def test_old_statistics_of_instance_norms_are_left_out(
    tmp_path: Path, out: Path, counter: dict[str, Tensor]
) -> None:
    folder = Path(shutil.copytree(INSTANCE, tmp_path / "checkpoints"))
    old = {
        f"{norm}.{what}": tensor
        for norm in ("model.model.1.model.2", "model.model.1.model.3.model.2")
        for what, tensor in {**STATISTICS, **counter}.items()
    }
    change(folder, "G", stored(folder, "G") | old)
    change(folder, "D", stored(folder, "D") | {f"net.3.{k}": t for k, t in STATISTICS.items()})
    lines = import_run(folder, recipe(PIXEL), out)
    assert lines[1] == (
        f"  {len(old)} old statistics of instance norms were left out: it uses none"
    )
    assert lines[3] == "  2 old statistics of instance norms were left out: it uses none"
    assert not [key for key in imported(out, "generator") if "norm" in key]


def test_only_statistics_of_instance_norms_are_left_out(copy: Path, out: Path) -> None:
    change(copy, "D", stored(copy, "D") | {"model.1.running_mean": torch.zeros(4)})
    assert "unexpected: model.1.running_mean (4,)" in refusal(copy, NARROW, out)


def test_other_number_types_are_told(copy: Path, out: Path) -> None:
    change(copy, "G", {k: t.half() if t.ndim == 4 else t for k, t in stored(copy, "G").items()})
    assert "  torch.float16 became torch.float32" in import_run(copy, recipe(NARROW), out)
    assert imported(out, "generator")["encoder.0.conv.weight"].dtype == torch.float32


def test_without_its_file_the_discriminator_starts_fresh(copy: Path, out: Path) -> None:
    (copy / "latest_net_D.pth").unlink()
    lines = import_run(copy, recipe(NARROW), out)
    assert lines[1] == (
        "discriminator (patch): there is no *_net_D.pth, so it starts with fresh weights; pictures "
        "need none, `resume` trains it from the start"
    )
    assert imported(out, "discriminator")["head.weight"].std() == pytest.approx(0.02, rel=0.1)
    Translator.load(out, device="cpu")


def test_training_goes_on_from_the_imported_weights(tmp_path: Path, out: Path) -> None:
    from gan_zoo.components.shapes import Image
    from gan_zoo_generators.unet_specs import UNetSpec

    spec, grey, rgb = UNetSpec(width=2, depth=2), Image(1), Image(3)
    [layout] = spec.published(grey, rgb)
    ours = spec.build(grey, rgb).state_dict()
    change(tmp_path, "G", {theirs: ours[key] for theirs, key in layout.keys.items()})
    small = {
        "data": {"use": "emoji", "workers": 0},
        "generator": {"width": 2, "depth": 2},
        "discriminator.width": 2,
        "optimizers.generator.lr": 1e-12,
        "phases.main": {"epochs": None, "schedule": None, "steps": 1},
        "callbacks": None,
        "engine.device": "cpu",
    }
    import_run(tmp_path, recipe(small), out)
    resume(out)
    after = imported(out, "generator")
    torch.testing.assert_close(after["decoder.1.conv.weight"], ours["decoder.1.conv.weight"])
    assert after["encoder.1.conv.weight"].shape == (4, 2, 4, 4)
    assert int(after["decoder.0.norm.num_batches_tracked"]) == 1


# ---------------------------------------------------------------------------------- which files


def test_latest_goes_before_other_epochs_which_are_told(copy: Path, out: Path) -> None:
    shutil.copy(copy / "latest_net_G.pth", copy / "5_net_G.pth")
    shutil.copy(copy / "latest_net_D.pth", copy / "latest_net_E.pth")
    (copy / "5_net_D.pth").write_bytes(b"never read")
    lines = import_run(copy, recipe(NARROW), out)
    assert lines[0] == "Left alone: 5_net_D.pth, 5_net_G.pth, latest_net_E.pth"


def test_without_latest_the_highest_number_is_taken(copy: Path, out: Path) -> None:
    for name in ("G", "D"):
        (copy / f"latest_net_{name}.pth").rename(copy / f"100_net_{name}.pth")
        (copy / f"95_net_{name}.pth").write_bytes(b"never read")
    lines = import_run(copy, recipe(NARROW), out)
    assert lines[:2] == [
        "Left alone: 95_net_D.pth, 95_net_G.pth",
        "generator (unet): 100_net_G.pth, 213,675 parameters",
    ]


def test_epochs_without_an_order_are_refused(copy: Path, out: Path) -> None:
    (copy / "latest_net_G.pth").rename(copy / "best_net_G.pth")
    (copy / "latest_net_D.pth").rename(copy / "final_net_D.pth")
    assert refusal(copy, NARROW, out) == (
        f"{copy} holds the epochs best, final and none is called latest; "
        "copy the files of one of them into a folder of its own"
    )


def test_folders_without_checkpoints_are_refused(tmp_path: Path, out: Path) -> None:
    names = "name the files latest_net_G.pth, latest_net_D.pth"
    empty = tmp_path / "empty"
    assert refusal(empty, {}, out) == f"{empty} is not there"
    empty.mkdir()
    assert refusal(empty, {}, out) == f"{empty} holds no checkpoint (it is empty); {names}"
    (empty / "facades.pth").touch()
    assert refusal(empty, {}, out) == f"{empty} holds no checkpoint (facades.pth); {names}"
    assert refusal(empty / "facades.pth", {}, out) == (
        f"{empty / 'facades.pth'} is a file; give the folder that holds it"
    )


def test_no_picture_can_be_made_without_a_generator(copy: Path, out: Path) -> None:
    (copy / "latest_net_G.pth").unlink()
    assert refusal(copy, NARROW, out) == (
        f"{copy} has no latest_net_G.pth for generator (unet); it has latest_net_D.pth"
    )


def test_an_existing_run_is_refused(out: Path) -> None:
    out.mkdir()
    (out / "notes.txt").touch()
    with pytest.raises(UserError, match="exists"):
        import_run(BATCH, recipe(NARROW), out)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


# ---------------------------------------------------------------------------------- their insides


class Code:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_is_refused_and_not_run(
    copy: Path, out: Path, zipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    held = {**stored(copy, "G"), "code": Code()}
    file = copy / "latest_net_G.pth"
    torch.save(held, file, _use_new_zipfile_serialization=zipped)
    system = f"{os.system.__module__}.system"
    assert refusal(copy, NARROW, out) == (
        f"{file} holds code or objects ({system}), not only tensors, and stays closed. "
        "Save the network's state_dict() alone, in the program that made it"
    )
    assert not (copy / "executed").exists()


def test_a_whole_network_is_refused(copy: Path, out: Path) -> None:
    change(copy, "G", torch.nn.Conv2d(1, 1, 1))
    assert "code or objects (torch.nn.modules.conv.Conv2d)" in refusal(copy, NARROW, out)


def test_a_checkpoint_of_many_things_is_refused(copy: Path, out: Path) -> None:
    change(copy, "G", {"epoch": 3, "model": stored(copy, "G")})
    assert "is no plain state dict: epoch is int, no tensor" in refusal(copy, NARROW, out)
    change(copy, "G", [1, 2])
    assert "holds a list; a state dict was expected" in refusal(copy, NARROW, out)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_torn_file_is_refused(copy: Path, out: Path, zipped: bool, part: float) -> None:
    file = copy / "latest_net_G.pth"
    torch.save(stored(copy, "G"), file, _use_new_zipfile_serialization=zipped)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    assert f"{file} is damaged, or no checkpoint at all" in refusal(copy, NARROW, out)


def test_a_changed_bit_is_seen(copy: Path, out: Path) -> None:
    file = copy / "latest_net_G.pth"
    weight = stored(copy, "G")["model.model.0.weight"].numpy().tobytes()
    whole = bytearray(file.read_bytes())
    whole[whole.index(weight) + 5] ^= 1
    file.write_bytes(whole)
    assert "the checksum of" in refusal(copy, NARROW, out)


def test_weights_that_are_not_finite_are_refused(copy: Path, out: Path) -> None:
    held = stored(copy, "D")
    held["model.0.bias"][0] = torch.nan
    change(copy, "D", held)
    assert "model.0.bias is not finite" in refusal(copy, NARROW, out)


# ---------------------------------------------------------------------------------- misfits


def test_all_that_is_missing_or_unexpected_is_listed(copy: Path, out: Path) -> None:
    held = stored(copy, "D")
    del held["model.0.bias"], held["model.3.running_mean"]
    held["model.12.weight"] = torch.zeros(1, 1, 4, 4)
    held["model.11.bias"] = torch.zeros(2)
    change(copy, "D", held)
    assert refusal(copy, NARROW, out).splitlines()[:5] == [
        f"{copy / 'latest_net_D.pth'} does not fit discriminator (patch):",
        "  missing: model.0.bias (4,)",
        "  missing: model.3.running_mean (8,)",
        "  unexpected: model.12.weight (1, 1, 4, 4)",
        "  another shape: model.11.bias (2,) came, (1,) was expected",
    ]


def test_another_width_is_told_with_the_value_that_fits(out: Path) -> None:
    lines = refusal(BATCH, {"generator.width": 4}, out).splitlines()
    assert lines[0] == f"{BATCH / 'latest_net_D.pth'} does not fit discriminator (patch):"
    assert (
        lines[1] == "  another shape: model.0.weight (4, 6, 4, 4) came, (64, 6, 4, 4) was expected"
    )
    assert len(lines) == 1 + 18 + 2
    assert lines[-2:] == [
        "The shapes speak of discriminator.width 4 (recipe: 64)",
        "Use --set discriminator.width=4",
    ]


def test_both_files_and_another_component(out: Path) -> None:
    assert refusal(INSTANCE, {}, out).splitlines()[-1] == (
        "Use --set generator.width=4 --set generator.depth=7 --set generator.norm=instance "
        "--set discriminator.use=pixel --set discriminator.width=8 "
        "--set discriminator.norm=instance"
    )


@pytest.mark.parametrize(("source", "target"), [("grey", "rgb"), ("rgb", 1), (2, "grey")])
def test_channels_are_told_as_the_data_says_them(out: Path, source: object, target: object) -> None:
    wrong = {**NARROW, "data.source": source, "data.target": target}
    sets = [f"--set data.source={3}"] * (source != "rgb")
    sets += [f"--set data.target={3}"] * (target != "rgb")
    assert refusal(BATCH, wrong, out).splitlines()[-1] == f"Use {' '.join(sets)}"


def test_the_advice_fits(out: Path) -> None:
    wrong = {"data.source": "grey", "generator.norm": "none", "discriminator.layers": 2}
    sets = refusal(BATCH, wrong, out).splitlines()[-1].removeprefix("Use --set ").split(" --set ")
    cure = dict(assignment.split("=") for assignment in sets)
    right = {key: int(value) if value.isdecimal() else value for key, value in cure.items()}
    import_run(BATCH, recipe({**wrong, **right}), out)


def test_a_file_of_another_network_gets_no_false_hope(tmp_path: Path, out: Path) -> None:
    change(tmp_path, "G", {"fc.weight": torch.zeros(10, 10)})
    last = refusal(tmp_path, {}, out).splitlines()[-1]
    assert last == (
        "Channels follow from the data and the conditions; the data gives source 3, target 3"
    )


def test_a_network_that_nobody_published_is_refused(out: Path) -> None:
    said = refusal(BATCH, {"generator": {"use": "encoder_decoder"}}, out)
    assert said.startswith(
        "generator (encoder_decoder) has no published checkpoint layout with these options; "
        "those that have one: "
    )
    assert "unet" in said.rpartition(": ")[2].split(", ")


# ---------------------------------------------------------------------------------- the command


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gan_zoo", "import", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(out: Path) -> None:
    sets = [word for key, value in NARROW.items() for word in ("--set", f"{key}={value}")]
    done = command(BATCH, "--recipe", "pix2pix", "--out", out, *sets)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("generator (unet): latest_net_G.pth, 213,675 parameters\n")
    assert "generator.width: 4  # --set generator.width=4" in (out / "origins.txt").read_text()


def test_the_command_refuses_with_exit_code_2(out: Path) -> None:
    done = command(BATCH, "--recipe", "pix2pix", "--out", out)
    assert done.returncode == 2
    assert done.stderr.endswith("Use --set generator.width=4 --set discriminator.width=4\n")
    assert not out.exists()
