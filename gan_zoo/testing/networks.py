"""What holds for generators and discriminators: the contract equals what the module does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo.testing.options import variants
from gan_zoo.testing.probe import (
    LARGEST,
    Probe,
    Shape,
    accepts,
    call,
    list_shapes,
    probe,
    promised_shapes,
    shapes,
)
from gan_zoo.testing.subject import Advice, Subject, check, trying

SIZES = ((32, 32), (33, 31), (48, 64), (65, 40), (16, 24), (5, 7), (1, 1), (128, 96))
CHANNELS = ((3, 3), (1, 3), (5, 1), (2, 4))  # of the condition, of the picture
FEW = 4  # sizes at which every option is tried too


def _sized(spec: Any, options: str) -> Iterator[tuple[int, Probe]]:
    """Batches, and the spec at odd and even sizes; a generator also at multiples of its own."""
    sizes = list(SIZES)
    channels = list(CHANNELS)
    if isinstance(spec, GeneratorSpec):
        step = spec.multiple()
        own = [(step, step), (2 * step, 3 * step), (3 * step, step)] if step > 1 else []
        sizes = [size for size in dict.fromkeys([*own, *SIZES]) if max(size) <= LARGEST]
    else:
        channels.insert(1, (0, 3))  # where no condition is shown to the discriminator
    for n, (height, width) in enumerate(sizes):
        given, wanted = channels[n % len(channels)]
        images = Image(given, height, width), Image(wanted, height, width)
        yield 1 + n % 3, Probe(spec, *images, options=options)


@check("generator", "discriminator")
def contract_over_odd_sizes(subject: Subject) -> None:
    """What check() lets through works and gives what the contract says; what not, does not."""
    example = subject.ready()
    for label, spec in [("example()", example), *variants(example, subject.zoo)]:
        if spec.missing():
            continue
        for batch, tested in islice(_sized(spec, label), None if spec is example else FEW):
            with trying(
                f"check() with {tested}",
                expected="nothing, or a ContractError that says the cure",
                cure="raise ContractError for shapes that the network cannot take",
            ):
                fits = accepts(tested)
            done = f"built and called with a batch of {batch} ({tested})"
            came = _try(tested, batch)
            expected = promised_shapes(tested.expected()) if fits else []
            if fits and came != expected:
                raise Advice(
                    done,
                    came=list_shapes(came),
                    expected=f"{list_shapes(expected)}, as {_contract(spec)}",
                    cure=f"{_correction(spec)}, or refuse these shapes in check()",
                )
            # A batch of one: a norm of single pixels works on more, and makes them zero.
            if not fits and _wanted(tested, came) and _wanted(tested, _try(tested, 1)):
                raise Advice(
                    f"check() refused it; {done}",
                    came=list_shapes(came),
                    expected="a network that fails on what check() refuses",
                    cure="let check() accept what works",
                )


def _try(tested: Probe, batch: int) -> list[list[Shape]] | Exception:
    try:
        with torch.no_grad():
            module = tested.build().float().eval()
            views = call(module, tested.inputs(batch, dtype=torch.float32))
    except Exception as problem:  # whatever a module raises on shapes is what came
        return problem
    if any(tensor.shape[0] != batch for view in views for tensor in view):
        return ValueError(f"batches of {[[t.shape[0] for t in view] for view in views]}")
    return shapes(views)


def _wanted(tested: Probe, came: list[list[Shape]] | Exception) -> bool:
    """Whether a refused network works all the same."""
    if isinstance(came, Exception):
        return False
    try:
        return came == promised_shapes(tested.expected()) and all(
            all(shape) for view in came for shape in view
        )
    except ContractError:
        return False


def _contract(spec: Any) -> str:
    return "the size of its input" if isinstance(spec, GeneratorSpec) else "views() says"


def _correction(spec: Any) -> str:
    return "keep the size" if isinstance(spec, GeneratorSpec) else "correct views()"


@check("generator", "discriminator")
def unknown_sizes_pass(subject: Subject) -> None:
    """Sides that only the data knows are None; contracts go on without them."""
    spec = subject.example
    with trying(
        "check(), and views() of a discriminator, with pictures whose sides are None",
        expected="no refusal: nothing is known yet",
        cure="skip None in check(), and pass it on in views(), as convolved_side does",
    ):
        spec.check(Image(3), Image(3))
        if not isinstance(spec, GeneratorSpec):
            spec.views(Image(3), Image(3))


@check("generator")
def multiple_is_the_smallest_step(subject: Subject) -> None:
    """Multiples of multiple() pass, and no side between two of them."""
    spec = subject.ready()
    step = spec.multiple()
    fitting = [n for n in range(1, 9) if accepts(Probe(spec, *_square(n * step)))]
    if not fitting or fitting != list(range(fitting[0], 9)):
        raise Advice(
            f"check() with squares of 1 to 8 times {step}, which is multiple()",
            came=f"accepted: {', '.join(str(n * step) for n in fitting) or 'none'}",
            expected="all of them, or all from some size on: inference pads to these",
            cure="return from multiple() what both sides must be multiples of",
        )
    base = fitting[0] * step
    between = [s for s in range(base + 1, base + step) if accepts(Probe(spec, *_square(s)))]
    if between:
        raise Advice(
            f"check() with squares between {base} and {base + step}; multiple() is {step}",
            came=f"accepted: {between[0]}",
            expected="none: inference would pad more than it must",
            cure="return the smallest such number from multiple()",
        )


def _square(side: int) -> tuple[Image, Image]:
    return Image(3, side, side), Image(3, side, side)


@check("generator")
def pictures_stay_in_range(subject: Subject) -> None:
    """In [-1, 1], however large the weights are."""
    tested = probe(subject)
    module = tested.build().double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(30)
        made = call(module, tested.inputs(1))[0][0]
    if not (made.abs().max() <= 1):
        raise Advice(
            "multiplied all its weights by 30 and made a picture",
            came=f"values up to {made.abs().max():.4g}",
            expected="a picture in [-1, 1]",
            cure="end with torch.tanh",
        )


@check("generator", "discriminator")
def every_channel_that_is_shown_counts(subject: Subject) -> None:
    """The picture, or the logits, depend on each channel of the condition and of the picture."""
    tested = probe(subject)
    inputs = [tensor.requires_grad_() for tensor in tested.inputs(2)]
    views = call(tested.build().double().train(), inputs)
    judges = not isinstance(tested.spec, GeneratorSpec)
    made, seen = [view[-1] for view in views], ["condition", "picture"][: len(inputs)]
    generator = torch.Generator().manual_seed(0)
    incoming = [torch.randn(m.shape, generator=generator, dtype=m.dtype) for m in made]
    gradients = torch.autograd.grad(made, inputs, incoming, allow_unused=True)
    for what, gradient in zip(seen, gradients, strict=True):
        channels = [] if gradient is None else gradient.abs().sum(dim=(0, 2, 3)).tolist()
        if not channels or not all(channels):
            dead = ", ".join(str(n) for n, size in enumerate(channels) if not size)
            raise Advice(
                f"took the gradient of the {'logits' if judges else 'picture'} in training "
                f"({tested})",
                came=f"{f'channel {dead} of the {what}' if dead else f'the {what}'} has no part "
                "in it",
                expected=f"{'logits that depend' if judges else 'a picture that depends'} on the "
                f"whole {what}",
                cure="use all given channels (torch.cat([condition, picture], dim=1)), and no "
                "no_grad() in forward"
                if judges
                else "use all given channels, and no no_grad() in forward",
            )


@check("discriminator")
def receptive_field_is_what_a_logit_sees(subject: Subject) -> None:
    """Measured by the gradient of the logit in the middle."""
    spec = subject.ready()
    said_field = spec.receptive_field()
    side = max(32, 2 * said_field + 32)
    if side > 2 * LARGEST:
        return
    tested = Probe(spec, *_square(side))
    condition, picture = (tensor.abs() for tensor in tested.inputs(1))
    module = tested.build().double().eval()
    with torch.no_grad():  # all positive, so that no ReLU hides a pixel
        for parameter in module.parameters():
            parameter.abs_()
    logits = call(module, [condition, picture.requires_grad_()])[0][-1]
    middle = logits[..., logits.shape[-2] // 2, logits.shape[-1] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, picture)
    seen = gradient.abs().sum(dim=(0, 1)).nonzero()
    extent = (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist()
    if min(extent) >= side:
        return  # a norm over the picture lets every logit see all of it
    if extent != [said_field, said_field]:
        raise Advice(
            f"followed the gradient of the middle logit back to a picture of {side}x{side}",
            came=f"it sees {extent[0]}x{extent[1]} pixels",
            expected=f"{said_field}x{said_field}, as receptive_field() says",
            cure="correct receptive_field(); that of gan_zoo.components computes it from kernels "
            "and strides",
        )
