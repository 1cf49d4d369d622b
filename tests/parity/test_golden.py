"""The engine, run as any recipe is run, computes what the published programs computed.

Golden cases are folders that hold a golden.json, at any depth under GAN_ZOO_GOLDEN or, without it,
under golden/ beside this file. Nothing here makes a network, a loss or an update: a case becomes a
recipe (published.py), its checkpoints a run folder, and the engine takes it from there.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from gan_zoo.checks.contracts import contracts
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.importer import import_run
from gan_zoo.inference.networks import inference_state
from gan_zoo.runs.folder import RunFolder
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_generators.unet_specs import UNetSpec
from tests.parity import published
from tests.parity.published import Output

HERE = Path(__file__).parent
GOLDEN = Path(os.environ.get("GAN_ZOO_GOLDEN", HERE / "golden"))
Table = dict[str, float]  # quantity -> the largest deviation that was seen


def cases(root: Path) -> list[Path]:
    """Every folder that holds a case; of an empty root the root itself, whose test then fails."""
    return sorted(path.parent for path in root.rglob("golden.json")) or [root]


def case_id(folder: Path) -> str:
    inside = folder.relative_to(GOLDEN).as_posix()
    return folder.name if inside == "." else inside


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = published.write_perceptual(tmp_path_factory.mktemp("vgg19") / "formula.safetensors")
    yield path
    path.unlink()  # 50 MB


@pytest.mark.parametrize("folder", cases(GOLDEN), ids=case_id)
def test_golden(folder: Path, tmp_path: Path, vgg19: Path) -> None:
    compare(folder, tmp_path, vgg19)


def compare(folder: Path, tmp_path: Path, vgg19: Path | None = None) -> Table:
    """Hold a case against the tolerances of golden/README.md."""
    file = folder / "golden.json"
    assert file.is_file(), f"there is no golden.json under {folder}"
    golden = json.loads(file.read_text())
    seen: Table = defaultdict(float)

    assembly = opened(folder, golden, tmp_path / "float64", "float64", vgg19)
    stored = load_file(folder / "golden.safetensors")
    maps, outputs = published.maps(stored), published.outputs(stored)
    before = [output for output in outputs if not output.after]
    after = [output for output in outputs if output.after]
    assert before
    assert all(output.after == len(golden["losses"]) for output in after)
    for output in before:
        hold(seen, "first outputs", made(assembly, output, maps), output, atol=1e-6)
    for step, (came, expected) in enumerate(
        zip(steps(assembly, maps), golden["losses"], strict=True), start=1
    ):
        hold_losses(seen, f"losses of step {step}", came, expected, rtol=1e-6)
    for output in after:
        hold(seen, "outputs after the steps", made(assembly, output, maps), output, atol=1e-5)

    assembly = opened(folder, golden, tmp_path / "float32", "float32", vgg19)
    for output in before:
        hold(seen, "first outputs, float32", made(assembly, output, maps), output, atol=2e-5)
    first = next(steps(assembly, maps))
    hold_losses(seen, "losses of step 1, float32", first, golden["losses"][0], rtol=1e-4)
    return seen


def opened(
    folder: Path,
    golden: Mapping[str, Any],
    out: Path,
    precision: str,
    vgg19: Path | None = None,
) -> Assembly:
    """The case's checkpoints, made a run of ours and opened again."""
    recipe = published.recipe(golden, precision, vgg19)
    contracts(recipe)
    import_run(folder, recipe, out)
    run = RunFolder.open(out)
    assembly = assemble(recipe, weights=False)
    for name, network in assembly.networks.items():
        network.load_state_dict(run.load_weights("latest", name))
    return assembly


def steps(assembly: Assembly, maps: Mapping[str, Tensor]) -> Iterator[dict[str, float]]:
    """Train on one batch through all phases; yields the losses of every step."""
    memory = Memory()
    for name, phase in assembly.recipe.phases.items():
        runner = PhaseRunner(
            assembly, name, Precision.of(**assembly.recipe.engine.computing), memory
        )
        runner.begin()
        runner.set_epoch(1)
        for _ in range(phase.steps or 0):
            yield runner.step([maps]).numbers()
        runner.remember()


def made(assembly: Assembly, output: Output, maps: Mapping[str, Tensor]) -> Tensor:
    """What the networks make of the inputs where the case holds an output."""
    recipe = assembly.recipe
    precision = Precision.of(**recipe.engine.computing)
    modules = [*assembly.networks.values(), *assembly.conditions.values()]
    for module in modules:
        precision.place(module)
    cast = Cast(assembly.networks, assembly.conditions, precision)
    norm = "running" if output.what == "G_eval_mode" else "picture"
    with inference_state(modules, recipe.inference.model_copy(update={"norm": norm})):
        scene = assembly.method.scene(cast, precision.receive(dict(maps)))
        match output.what:
            case "G_train_mode" | "G_eval_mode" | "G_output":
                found: Tensor = scene[assembly.method.output]
            case "boundary":
                found = scene["conditions.edges"]
            case "instance_features":
                found = scene["conditions.texture"]
            case _:
                views = cast.play("discriminator", scene["seen"], scene["real"])
                scale, layer = output.indices or (0, -1)
                found = views[scale][layer]
    return found[..., :: output.every, :: output.every]


def hold(seen: Table, what: str, came: Tensor, expected: Output, *, atol: float) -> None:
    wanted = expected.tensor.double()
    assert came.shape == wanted.shape, expected.what
    seen[what] = max(seen[what], (came.double() - wanted).abs().max().item())
    torch.testing.assert_close(came.double(), wanted, atol=atol, rtol=0, msg=expected.what)


def hold_losses(
    seen: Table, what: str, came: Mapping[str, float], expected: Mapping[str, float], *, rtol: float
) -> None:
    assert came.keys() == expected.keys()
    for label, wanted in expected.items():
        seen[what] = max(seen[what], abs(came[label] / wanted - 1))
    assert came == pytest.approx(expected, rel=rtol, abs=0), what


# ---------------------------------------------------------------------------------- the table


def golden_case() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (HERE / "golden/pix2pix/unet256_batch/golden.json").read_text()
    )
    return found


def test_an_empty_folder_fails(tmp_path: Path) -> None:
    assert cases(tmp_path) == [tmp_path]
    with pytest.raises(AssertionError, match=r"there is no golden\.json"):
        compare(tmp_path, tmp_path)


@pytest.mark.parametrize("family", ["pix2pix/unet256_batch", "pix2pixhd/local"])
@pytest.mark.parametrize("inside", [True, False])
def test_an_unknown_key_fails(family: str, inside: bool) -> None:
    golden = json.loads((HERE / "golden" / family / "golden.json").read_text())
    (golden["case"] if inside else golden)["spectral"] = True
    with pytest.raises(ValueError, match="the case says spectral"):
        published.recipe(golden)


@pytest.mark.parametrize(
    ("key", "value"), [("dropout", True), ("computed_in", "float32"), ("order", "G, then D")]
)
def test_what_no_recipe_follows_from_is_verified(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        published.recipe({**golden_case(), key: value})


def test_a_case_becomes_a_recipe() -> None:
    golden = golden_case()
    golden["case"] |= {"netG": "unet_128", "netD": "n_layers", "n_layers": 5, "norm": "none"}
    golden["case"] |= {"in_c": 1, "out_c": 2}
    del golden["size"]
    golden |= {"h": 256, "w": 128, "batch": 2, "lambda_L1": 10, "lr": 1e-3, "d_loss_factor": 1.0}
    recipe = published.recipe(golden)
    assert recipe.generator == UNetSpec(depth=7, width=4, norm="none", dropout="none")
    assert recipe.discriminator == PatchSpec(layers=5, width=4, norm="none")
    maps = recipe.data.maps().values()
    assert [(image.channels, image.size) for image in maps] == [(1, (256, 128)), (2, (256, 128))]
    assert recipe.data.batch == 2
    assert recipe.losses["l1"].weight == 10
    assert recipe.losses["gan"].model_dump()["discriminator_weight"] == 1
    assert [optimizer.lr for optimizer in recipe.optimizers.values()] == [1e-3, 1e-3]
    assert recipe.phases["main"].steps == 6


def test_more_channels_than_a_picture_file_holds() -> None:
    golden = golden_case()
    golden["case"] |= {"in_c": 7, "out_c": 3}
    maps = published.recipe(golden).data.maps()
    assert [image.channels for image in maps.values()] == [7, 3]
