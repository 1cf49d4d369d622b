"""In which numbers a run computes, and on what. `auto` is looked up, never timed, and said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from gan_zoo.components.norms import norms_in_half
from gan_zoo.engine.regions import RECEIVING, region
from gan_zoo.errors import UserError

# device class -> what `auto` means there. tests/benchmarks/step.py measures it; figures for cuda
# stand in docs/explanation/speed.md. Norms in half are for bfloat16: float16's range is narrow.
ALIKE = {
    "memory_format": "contiguous",
    "share_views": True,
    "norms": "half",
    "compile": "off",  # neither was measured on a GPU yet
    "graphs": "off",
}
AUTO: dict[str, dict[str, Any]] = {
    "cpu": {"precision": "float32", **ALIKE},
    "cuda": {"precision": "bfloat16", **ALIKE},
    "mps": {"precision": "float32", **ALIKE},
    "meta": {"precision": "float32", **ALIKE},
}

Generators = Mapping[str, torch.Tensor]  # device type -> the state of torch's generator there

DTYPES = {"float64": torch.float64}  # of weights and losses; float32 for all others
# Optimizers that step in one pass over all their tensors, by a rate that is a tensor itself.
ONE_PASS = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)
HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}  # of autocast


def steps_in_one_pass(optimizer: torch.optim.Optimizer) -> bool:
    """Whether it may step by one kernel over all its tensors: it is torch's own, and whoever built
    it chose no other way.
    """
    ways = ("foreach", "fused", "capturable", "differentiable")
    chosen = any(group.get(way) is not None for group in optimizer.param_groups for way in ways[:2])
    special = any(group.get(way) for group in optimizer.param_groups for way in ways[2:])
    return type(optimizer) in ONE_PASS and not chosen and not special


def pick_device(name: str, named: str = "engine.device") -> torch.device:
    """The device that a recipe names; `auto` takes the best at hand.

    Args:
        name: In the words of the engine section.
        named: Where it came from, for the error.

    Raises:
        UserError: the device is not there.
    """
    at_hand = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in at_hand.items() if there))
    kind, _, index = name.partition(":")
    if not at_hand[kind]:
        have = ", ".join(kind for kind, there in at_hand.items() if there)
        raise UserError(f"{named}: {name} came, but here there is only {have}; use auto")
    if kind == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise UserError(f"{named}: {name} came; there are {torch.cuda.device_count()} GPUs")
    return torch.device(name)


def _has_bfloat16(device: torch.device, *, emulated: bool = True) -> bool:
    """Whether a GPU computes in bfloat16, be it by float32: torch asks the current device alone."""
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=emulated))


@dataclass(frozen=True)
class Precision:
    """How a device computes: the working type of weights and losses, the type of autocast if any,
    the layout of pictures, whether players share views where a method can, whether norms leave
    pictures in the type of autocast, which parts are compiled, and whether the step is recorded.
    """

    device: torch.device
    name: str
    memory_format: Literal["contiguous", "channels_last"]
    share_views: bool = True
    norms: Literal["half", "float32"] = "float32"
    compile: Literal["off", "blocks", "networks"] = "off"
    graphs: Literal["off", "on"] = "off"
    auto: Mapping[str, Any] = field(default_factory=dict, compare=False)  # what that means here

    @classmethod
    def of(
        cls,
        *,
        device: str | torch.device = "auto",
        precision: str = "auto",
        memory_format: str = "auto",
        share_views: bool | Literal["auto"] = "auto",
        norms: str = "auto",
        compile: Any = "auto",
        graphs: Any = "auto",
        kept: Mapping[str, Any] | None = None,
        named: str = "engine.precision",
    ) -> Precision:
        """What a recipe's engine section asks for, in its words.

        Args:
            device: As there, or torch's own.
            precision, memory_format, share_views, norms, compile, graphs: As there.
            kept: What `auto` meant when the run was started, as `described` told it then.
            named: Where `precision` came from, for the error.

        Raises:
            UserError: the device is not there, or cannot compute in that precision.
        """
        place = pick_device(device) if isinstance(device, str) else device
        auto: Mapping[str, Any] = {**AUTO[place.type], **(kept or {}).get("auto", {})}
        name = auto["precision"] if precision == "auto" else precision
        if name == "bfloat16" and place.type == "cuda" and precision == "auto":
            name = name if _has_bfloat16(place, emulated=False) else "float32"
        elif name == "bfloat16" and place.type == "cuda" and not _has_bfloat16(place):
            raise UserError(f"{named}: {place} has no bfloat16; use float32")
        if name == "float64" and place.type == "mps":
            raise UserError(f"{named}: mps has no float64; use float32, or device: cpu")
        layout: Any = auto["memory_format"] if memory_format == "auto" else memory_format
        share = auto["share_views"] if share_views == "auto" else share_views
        how: Any = auto["norms"] if norms == "auto" and name == "bfloat16" else norms
        return cls(
            place,
            name,
            layout,
            share,
            "half" if how == "half" else "float32",
            auto["compile"] if compile == "auto" else compile,
            auto["graphs"] if graphs == "auto" else graphs,
            auto,
        )

    def described(self) -> dict[str, Any]:
        """What a run keeps of it: on resume `auto` means the same."""
        return {
            "device": str(self.device),
            "precision": self.name,
            "memory_format": self.memory_format,
            "share_views": self.share_views,
            "norms": self.norms,
            "compile": self.compile,
            "graphs": self.graphs,
            "auto": dict(self.auto),
            "threads": torch.get_num_threads(),
        }

    @property
    def dtype(self) -> torch.dtype:
        """The type of weights, pictures and losses."""
        return DTYPES.get(self.name, torch.float32)

    @property
    def half(self) -> torch.dtype | None:
        """The type of autocast, where the run is half."""
        return HALVES.get(self.name)

    @property
    def is_plain(self) -> bool:
        """Whether steps are neither compiled nor recorded."""
        return self.compile == "off" and self.graphs == "off"

    def scaler(self) -> torch.amp.GradScaler | None:
        """One for each player, where gradients would vanish in the numbers of autocast."""
        return torch.amp.GradScaler(self.device.type) if self.name == "float16" else None

    def place(self, module: nn.Module) -> nn.Module:
        """Move a network to the device, in working type and memory format, and tell its norms."""
        layouts = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
        norms_in_half(module, on=self.norms == "half" and self.half is not None)
        module = module.to(device=self.device, dtype=self.dtype)
        return module.to(memory_format=layouts[self.memory_format])  # back too, after another phase

    def place_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Let it step in one pass over all its tensors where it can, by learning rates that lie on
        the device where it takes such: a step that is recorded there reads them anew.
        """
        if self.device.type not in ("cpu", "cuda") or not steps_in_one_pass(optimizer):
            return
        # The kernels on a CPU take the rate as a Python number, in all its digits.
        wide = torch.float64 if self.device.type == "cpu" else torch.float32
        for group in optimizer.param_groups:
            group["fused"] = True
            group["lr"] = torch.tensor(float(group["lr"]), dtype=wide, device=self.device)

    @region(RECEIVING)
    def receive(self, maps: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Move a batch to the device; 8-bit pictures become floats in [-1, 1], ids int64."""
        return {name: self._map(tensor) for name, tensor in maps.items()}

    def _map(self, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.to(self.device, non_blocking=True)
        if tensor.dtype == torch.uint8:
            tensor = tensor.to(self.dtype).div_(127.5).sub_(1)
        elif tensor.is_floating_point():
            tensor = tensor.to(self.dtype)
        else:
            tensor = tensor.long()
        if self.memory_format == "channels_last" and tensor.ndim == 4:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Networks run in here; losses and the statistics of norms keep float32."""
        if self.half is None:
            yield
            return
        # What is cast without a graph must not be found by who needs one.
        kept = torch.is_grad_enabled()
        with torch.autocast(self.device.type, self.half, cache_enabled=kept):
            yield

    def casts(self) -> AbstractContextManager[Any]:
        """Weights that networks are given in half are cast once in here, and kept until its end:
        torch's autocast forgets them only where its outermost context ends.
        """
        if self.half is None:
            return nullcontext()
        return torch.autocast(self.device.type, self.half, enabled=False)

    def __str__(self) -> str:
        return f"{self.device}, {self.name}, {self.memory_format}"


@contextmanager
def deterministic(on: bool) -> Iterator[None]:
    """Refuse operations whose last digits differ from time to time.

    Raises:
        UserError: there is one, and torch has no other way to do it.
    """
    if not on:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    except RuntimeError as problem:
        if "deterministic" not in str(problem):
            raise
        said = str(problem).partition(". ")[0]
        raise UserError(
            f"engine.deterministic: {said}. Take an option that avoids it (as padding: zero for "
            "padding by reflection), another device, or deterministic: false"
        ) from problem
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def generator_states(device: torch.device) -> Generators:
    """The state of torch's generators that a run draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_generators(state: Generators, device: torch.device) -> None:
    """Put torch's generators back."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    if device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])
