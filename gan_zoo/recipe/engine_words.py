"""The words of a recipe's engine section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from gan_zoo.recipe.section import Names, Section

DEVICES = r"^(auto|cpu|mps|cuda(:\d+)?)$"


class Engine(Section):
    """How the numbers are computed and kept."""

    earlier: ClassVar[Mapping[str, Any]] = {
        "frozen_norm": "batch",
        "draws": 1,
        "norms": "float32",
        "compile": "off",
        "graphs": "off",
    }

    device: str = Field("auto", pattern=DEVICES)
    """auto, cpu, cuda, cuda:N or mps; auto takes the best at hand."""
    precision: Literal["auto", "float64", "float32", "bfloat16", "float16"] = "auto"
    """bfloat16 and float16 are autocast over float32 weights; auto is chosen by device and said."""
    norms: Literal["auto", "half", "float32"] = "auto"
    """What instance and group norm make of pictures in half: the same type, by statistics in
    float32; or what autocast makes of them, float32 on a GPU, slower and for more memory. Batch
    norm leaves them in half. auto is half under bfloat16, else float32."""
    memory_format: Literal["auto", "contiguous", "channels_last"] = "auto"
    """Layout of pictures in memory; auto is chosen by device and said."""
    share_views: Literal["auto"] | bool = "auto"
    """One pass of the discriminator serves both players where they learn at once; auto is chosen
    by device and said. The losses are the same either way."""
    compile: Literal["auto", "off", "blocks", "networks"] = "auto"
    """Networks, or each of their blocks, as programs of torch's compiler: minutes before the first
    step for faster ones on a GPU. What cannot be compiled is said, and computes as it does without.
    auto is chosen by device and said."""
    graphs: Literal["auto", "off", "on"] = "auto"
    """A step that is recorded once as a CUDA graph and then replayed, for small batches, whose
    steps wait for Python. The same numbers; needs a GPU, and a step that is the same work every
    time. auto is chosen by device and said."""
    frozen_norm: Literal["auto", "running", "batch"] = "auto"
    """Which statistics batch norm takes in a part that does not learn: its learned ones, as
    inference does with norm: running, or the batch's. auto is as inference does, and the batch's
    in networks that make no picture or have learned none."""
    accumulate: PositiveInt = 1
    """Batches a step: their gradients are averaged, for the memory of one of them."""
    recompute: Names = ()
    """Networks that keep less for their backward pass and compute it anew: slower, for memory."""
    draws: Literal[1, 2] = 2
    """Which numbers follow from the seed: 1 is for runs of earlier versions, in which the order of
    the samples and the augmentation of the first one were drawn alike."""
    deterministic: bool = False
    """Only operations that give the same numbers every time on the same device."""
    read_late: int = Field(2, ge=0, le=7)
    """Steps after which a step's losses are read, so that nobody waits for the device. None is
    lost, and all are read before a checkpoint, a look at pictures, a line of the log and the end.
    0 reads them at once."""
    log_every: PositiveInt = 20
    """Steps between two lines of log.jsonl."""
    checkpoint_every: PositiveInt = 1000
    """Steps between two checkpoints; there is one before pictures are looked at and at the end of
    every phase, too."""

    @property
    def computing(self) -> dict[str, Any]:
        """In which numbers, and on what, as `Precision.of` takes it."""
        words = "device precision memory_format share_views norms compile graphs"
        return {word: getattr(self, word) for word in words.split()}
