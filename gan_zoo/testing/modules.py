"""What holds for every module that a spec builds: generators, discriminators, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.engine.resting import rests, set_to_train
from gan_zoo.testing.probe import (
    Probe,
    call,
    in_format,
    list_tensors,
    probes,
    without_chance,
)
from gan_zoo.testing.subject import Advice, Subject, check, trying

CLOSE = 1e-9  # relative, in float64


def build_seeded(tested: Probe, seed: int = 0) -> nn.Module:
    """The module in float64."""
    return tested.build(seed).double()


@check("generator", "discriminator", "condition")
def forward_and_backward_in_both_memory_formats(subject: Subject) -> None:
    """Contiguous and channels_last, inputs and incoming gradients, batch 1 and 2, float64."""
    for tested in probes(subject):
        _both_formats(tested)


def _both_formats(tested: Probe) -> None:
    for batch in (1, 2):
        found = {}
        for layout in (torch.contiguous_format, torch.channels_last):
            done = f"forward and backward in {str(layout)[6:]}, batch {batch}, float64 ({tested})"
            module = without_chance(build_seeded(tested)).to(memory_format=layout)
            inputs = in_format(tested.inputs(batch), layout)
            with trying(done, expected="numbers", cure="make new tensors in the input's type"):
                found[layout] = _outputs_and_gradients(module, inputs, layout)
        plain, last = found.values()
        largest = max(t.abs().max().item() for t in plain.values() if t.numel())
        for name, ours in plain.items():
            far = _distance(ours, last[name], largest)
            if far > CLOSE:
                raise Advice(
                    f"compared contiguous and channels_last, batch {batch}, float64 ({tested})",
                    came=f"{name} differs by {far:.2g} of its largest value",
                    expected=f"equal numbers to {CLOSE:g}",
                    cure="use InstanceNorm of gan_zoo.components for torch's InstanceNorm2d, whose "
                    "gradients are wrong here; reshape, do not view",
                )


def _outputs_and_gradients(
    module: nn.Module, inputs: list[object], layout: torch.memory_format
) -> dict[str, Tensor]:
    for layer in module.modules():
        layer.register_forward_hook(partial(_gradients_in, layout))
    torch.manual_seed(0)  # for conditions that draw noise
    outputs = [leaf for view in call(module, inputs) for leaf in view]
    found = {f"output {n}": tensor.detach() for n, tensor in enumerate(outputs)}
    wanted: dict[str, Tensor] = {n: p for n, p in module.named_parameters() if p.requires_grad}
    wanted |= {
        f"input {n}": leaf for n, leaf in enumerate(list_tensors(inputs)) if leaf.requires_grad
    }
    learns = [tensor for tensor in outputs if tensor.requires_grad]
    if not learns or not wanted:
        return found
    incoming = [
        _incoming(tensor, n).contiguous(memory_format=layout) for n, tensor in enumerate(learns)
    ]
    gradients = torch.autograd.grad(learns, list(wanted.values()), incoming, allow_unused=True)
    for (name, _), gradient in zip(wanted.items(), gradients, strict=True):
        if gradient is not None:
            found[f"the gradient of {name}"] = gradient
    return found


def _gradients_in(layout: torch.memory_format, _: nn.Module, inputs: Any, output: Any) -> None:
    """Hand every layer its gradient in that layout, as the fast kernels of float32 and of GPUs do;
    those of float64 on the CPU fall back to contiguous.
    """
    tensor: Any
    for tensor in list_tensors(output):
        if tensor.requires_grad and tensor.ndim == 4:
            tensor.register_hook(lambda gradient: gradient.contiguous(memory_format=layout))


def _incoming(like: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=generator, dtype=torch.float64)


def _distance(ours: Tensor, theirs: Tensor, largest: float) -> float:
    """Relative to the tensor's own size, or to a thousandth of the largest: the gradient of a
    bias before a norm is zero but for rounding.
    """
    if ours.numel() == 0:
        return 0.0
    scale = max(ours.abs().max().item(), 1e-3 * largest)
    return (ours - theirs).abs().max().item() / scale if scale else 0.0


@check("generator", "discriminator", "condition")
def every_parameter_gets_a_gradient(subject: Subject) -> None:
    """In a step of the whole, or of a part that plays by itself."""
    for tested in probes(subject):
        if not _rests(subject.example, tested.spec):
            _reaches_all(tested)


def _rests(example: Any, spec: Any) -> bool:
    """Whether an option freezes a condition that learns without it."""
    return isinstance(spec, ConditionSpec) and bool(example.learns()) and not spec.learns()


def _reaches_all(tested: Probe) -> None:
    module = build_seeded(tested).train()
    players = [module]
    if isinstance(tested.spec, GeneratorSpec):
        paths = tested.spec.parts()
        players += [module.get_submodule(paths.get(part, part)) for part in tested.spec.plays()]
    learns = {name: p for name, p in module.named_parameters() if p.requires_grad}
    reached: set[str] = set()
    for player in players:
        inputs = in_format(tested.inputs(2), torch.contiguous_format)
        outputs = [t for view in call(player, inputs) for t in view if t.requires_grad]
        if not outputs or not learns:
            continue
        total = torch.stack([(t * _incoming(t, 0)).sum() for t in outputs]).sum()
        gradients = torch.autograd.grad(total, list(learns.values()), allow_unused=True)
        reached |= {n for n, g in zip(learns, gradients, strict=True) if g is not None}
    if missed := [name for name in learns if name not in reached]:
        raise Advice(
            f"backward from everything it gives, in training ({tested})",
            came=f"no gradient reaches {', '.join(missed[:5])}",
            expected="a gradient for every parameter that build() does not freeze",
            cure="use the layer in forward or do not build it; fixed numbers are buffers; "
            "a part that rests otherwise is named by plays()",
        )


@check("generator", "discriminator", "condition")
def what_it_freezes_stays(subject: Subject) -> None:
    """Parameters without requires_grad after build(), and layers that refuse train()."""
    for tested in probes(subject):
        _freezes(tested)


def _freezes(tested: Probe) -> None:
    module: Any = build_seeded(tested)
    if module.train() is not module:
        raise Advice(
            f"called train() ({tested})",
            came="something else than the module",
            expected="the module itself, as of every nn.Module",
            cure="end a train() of your own with `return self`",
        )
    frozen = {name: p for name, p in module.named_parameters() if not p.requires_grad}
    refusing = {name: layer for name, layer in module.named_modules() if not layer.training}
    resting = rests(module, frozen.values()) | {*refusing.values()}
    set_to_train(module, {*module.modules()} - resting, "running")
    stays = {**frozen, **_buffers(module, resting)}
    before = {name: tensor.detach().clone() for name, tensor in stays.items()}
    for _ in range(2 if stays else 0):
        views = call(module, in_format(tested.inputs(2), torch.contiguous_format))
        learns = [p for p in module.parameters() if p.requires_grad]
        made = [t.sum() for view in views for t in view if t.requires_grad]
        if made and learns:
            torch.autograd.backward(torch.stack(made).sum(), inputs=learns)
            torch.optim.SGD(learns, lr=0.1).step()
    moved = [name for name, tensor in stays.items() if not torch.equal(tensor, before[name])]
    moved += [f"{name} (it learns)" for name, p in frozen.items() if p.requires_grad]
    moved += [f"{name} (it trains)" for name, layer in refusing.items() if layer.training]
    if moved:
        raise Advice(
            f"took two steps in training, with what build() froze at rest ({tested})",
            came=f"{moved[0]} did not stay as it was",
            expected="frozen weights, their statistics and layers that refuse train() at rest",
            cure="freeze in build() alone, and neither unfreeze nor train() in forward; count "
            "nothing in buffers of a frozen part",
        )


def _buffers(module: nn.Module, layers: set[nn.Module]) -> dict[str, Tensor]:
    """The buffers of some layers, by full name."""
    return {
        f"{name}.{key}".lstrip("."): buffer
        for name, layer in module.named_modules()
        if layer in layers
        for key, buffer in layer.named_buffers(recurse=False)
    }


@check("generator", "discriminator", "condition")
def inputs_stay_as_they_are(subject: Subject) -> None:
    """Other networks and losses read the same tensors."""
    for tested in probes(subject):
        _leaves_inputs(tested)


def _leaves_inputs(tested: Probe) -> None:
    module = build_seeded(tested)
    for training in (True, False):
        inputs = tested.inputs(2)
        before = [leaf.clone() for leaf in list_tensors(inputs)]
        names = {id(m): set(m) for m in inputs if isinstance(m, Mapping)}
        with torch.no_grad():
            module.train(training)(*inputs)
        same = all(torch.equal(a, b) for a, b in zip(before, list_tensors(inputs), strict=True))
        if not same or any(set(m) != names[id(m)] for m in inputs if isinstance(m, Mapping)):
            raise Advice(
                f"called it and looked at its inputs again ({tested})",
                came="they were changed in place",
                expected="the same tensors: others read them too",
                cure="no inplace=True on the first layer, no x += ...; clone() where it must be",
            )


@check("generator", "discriminator", "condition")
def weights_survive_a_round_trip(subject: Subject) -> None:
    """state_dict -> safetensors -> another build: the same output to the bit."""
    for tested in probes(subject):
        _round_trip(tested)


def _round_trip(tested: Probe) -> None:
    first, second = build_seeded(tested, 0), build_seeded(tested, 1)
    inputs = tested.inputs(2)
    with torch.no_grad():
        call(first.train(), inputs)  # moves running statistics
    state = {key: tensor.contiguous() for key, tensor in first.state_dict().items()}
    with trying(
        "saved state_dict() as safetensors and loaded it into another build",
        expected="a load without a word",
        cure="register every tensor that matters once, as parameter or buffer, in __init__",
    ):
        second.load_state_dict(load(save(state)))
    with torch.no_grad():
        ours, theirs = (_evaluate(tested, m, inputs) for m in (first, second))
    if not all(
        torch.equal(a, b) for a, b in zip(list_tensors(ours), list_tensors(theirs), strict=True)
    ):
        again = list_tensors(_evaluate(tested, first, inputs))
        chance = not all(torch.equal(a, b) for a, b in zip(list_tensors(ours), again, strict=True))
        raise Advice(
            f"loaded its state_dict() into another build and compared their outputs ({tested})",
            came="another output" + (", and so it is from call to call" if chance else ""),
            expected="the same output to the bit, in eval mode",
            cure=_cure_of_chance(tested)
            if chance
            else "register what the output depends on as parameter or buffer",
        )


def _evaluate(tested: Probe, module: nn.Module, inputs: list[Any]) -> list[list[Tensor]]:
    """What a module gives in evaluation. A condition may be noise there too, as translation seeds
    torch by its input.
    """
    if isinstance(tested.spec, ConditionSpec):
        torch.manual_seed(0)
    return call(module.eval(), inputs)


def _cure_of_chance(tested: Probe) -> str:
    if isinstance(tested.spec, ConditionSpec):
        return "draw noise from torch's default generator, which translation seeds"
    return "draw noise in training only (self.training)"


@check("generator", "discriminator", "condition")
def equal_builds_from_one_seed(subject: Subject) -> None:
    """First weights are drawn from torch's default generator and nowhere else."""
    for tested in probes(subject):
        _equal_builds(tested)


def _equal_builds(tested: Probe) -> None:
    ours, theirs = (tested.build(seed=3).state_dict() for _ in range(2))
    if different := [key for key in ours if not torch.equal(ours[key], theirs[key])]:
        raise Advice(
            "built it twice under torch.manual_seed(3)",
            came=f"two values of {different[0]}",
            expected="equal weights: a run follows from its seed",
            cure="draw from torch's default generator, not from numpy, random or the clock",
        )
