"""What tests of networks share: building, counting, gradients, golden data."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components import meta_device
from gan_zoo.components.foreign import Readable
from gan_zoo.components.networks import GeneratorSpec, NetworkSpec
from gan_zoo.components.shapes import Image

REPOSITORY = Path(__file__).parents[2]
GOLDEN = Path(os.environ.get("GAN_ZOO_GOLDEN", REPOSITORY / "tests" / "parity" / "golden"))
RGB = Image(3, 256, 256)


def on_meta(spec: NetworkSpec, channels_in: int = 3, channels_out: int = 3) -> nn.Module:
    with meta_device.on_meta():
        return spec.build(Image(channels_in), Image(channels_out))


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def learns_alike(spec: NetworkSpec, batch: int, height: int = 16, width: int = 8) -> None:
    """A generator's gradients in float64 are equal in both memory formats, and reach everything."""
    torch.manual_seed(0)
    network = spec.build(Image(3), Image(2)).double()
    for parameter in network.parameters():
        if parameter.ndim == 1:  # some backbones begin with scales of zero
            nn.init.uniform_(parameter, 0.5, 1.5)
    condition = torch.randn(batch, 3, height, width, dtype=torch.float64)

    def gradients(memory_format: torch.memory_format) -> list[Tensor]:
        network.to(memory_format=memory_format)
        output = network(condition.to(memory_format=memory_format))
        assert output.abs().max() <= 1
        return list(torch.autograd.grad(output.square().sum(), list(network.parameters())))

    for name, contiguous, channels_last in zip(
        dict(network.named_parameters()),
        gradients(torch.contiguous_format),
        gradients(torch.channels_last),
        strict=True,
    ):
        torch.testing.assert_close(contiguous, channels_last)
        # The norm that follows takes a bias away again: only rounding reaches it.
        assert contiguous.abs().max() > 1e-9 or name.endswith("bias"), name


def tensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(path.parent / "golden.safetensors")


def shapes_of(stored: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in stored.items()}


def read_options(spec: type[Readable], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The options that a spec reads off its own file."""
    reading = spec.recognize(shapes)
    assert reading is not None
    return dict(reading.options)


def pictures(stored: Tensor) -> Tensor:
    return stored.double() / 127.5 - 1


def label_maps(golden: Mapping[str, Tensor], *, classes: int) -> Tensor:
    """What pix2pixHD is shown: the classes one by one, then the borders."""
    labels = torch.nn.functional.one_hot(golden["label"][:, 0].long(), classes)
    return torch.cat([labels.permute(0, 3, 1, 2).double(), golden["boundary"].double()], dim=1)


def compare(output: Tensor, golden: Mapping[str, Tensor], name: str) -> None:
    """Outputs are stored as every n-th pixel, and the key says so."""
    pattern = re.compile(rf"{name}(?:_every_(\d+)th_pixel)?")
    [found] = [match for match in map(pattern.fullmatch, golden) if match]
    step = int(found[1] or 1)
    expected = golden[found[0]].double()
    torch.testing.assert_close(output[..., ::step, ::step], expected, atol=1e-6, rtol=0)


def gives_published_pictures(spec: GeneratorSpec, case: Path, stored: Mapping[str, Tensor]) -> None:
    """A generator with the published weights of a case, its golden.json, makes its pictures."""
    golden = tensors(case)
    [layout] = spec.published(RGB, RGB)
    assert set(layout.keys) == set(stored)
    source, target = pictures(golden["A_uint8"]), pictures(golden["B_uint8"])
    network = spec.build(Image(source.shape[1]), Image(target.shape[1])).double()
    network.load_state_dict({ours: stored[theirs] for theirs, ours in layout.keys.items()})
    with torch.no_grad():
        # Evaluation first: a pass in training moves the running statistics.
        compare(network.eval()(source), golden, "G_eval_mode")
        compare(network.train()(source), golden, "G_train_mode")
