"""What ends a run early: the user, or what is not a number any more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from torch import Tensor

from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.loader import Batch
from gan_zoo.runs.atomic import Content, write_files
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.tensor_files import stream_tensors

EVIDENCE = "nonfinite"


class NonFinite(Exception):
    """A loss or a gradient is not a number any more; says which, on which files, and what was
    saved.
    """


class Interrupted(Exception):
    """The user stopped the run; it is saved.

    Args:
        message: How to go on.
        folder: The run's.
        signal: The first that came.
    """

    def __init__(self, message: str, folder: Path, signal: int) -> None:
        super().__init__(message)
        self.folder = folder
        self.signal = signal


def refuse_nonfinite(
    ledger: Ledger, batches: Sequence[Batch], position: Position, folder: RunFolder
) -> None:
    """Stop where a loss or a gradient is not a number, and keep what it was made of.

    Args:
        ledger: What the step came to; who would have stepped after that stood still.
        batches: What it saw.
        position: Before the step.
        folder: Gets nonfinite/batch.safetensors, the maps just as the networks were given them
            (batch-2 and so on where a step has several), and nonfinite/about.yaml. With the last
            checkpoint that is all it takes to look closer.

    Raises:
        NonFinite: names the losses and the files.
    """
    terms, gradients = ledger.numbers(), ledger.gradients()
    bad = [f"{label} became {value}" for label, value in terms.items() if not math.isfinite(value)]
    if not bad:  # a loss that is not a number makes gradients that are none
        whose = [player for player, value in gradients.items() if not math.isfinite(value)]
        told = "a gradient of the {} became {}, though its losses are numbers"
        bad = [told.format(player, gradients[player]) for player in whose]
    if not bad:
        return
    step = position.step + 1
    seen = [file for batch in batches for file in batch.files]
    about = {
        "step": step,
        "phase": position.phase,
        "losses": {label: str(value) for label, value in terms.items()},
        "gradients": {player: str(value) for player, value in gradients.items()},
        "samples": [name for batch in batches for name in batch.names],
        "files": seen,
    }
    evidence = folder.path / EVIDENCE
    evidence.mkdir(exist_ok=True)
    files: dict[str, Content] = {"about.yaml": _yaml(about)}
    for n, batch in enumerate(batches, 1):
        files["batch.safetensors" if n == 1 else f"batch-{n}.safetensors"] = stream_tensors(
            batch.maps
        )
    write_files(evidence, files)
    raise NonFinite(
        f"{', '.join(bad)} at step {step}, on {', '.join(seen)}. The last good checkpoint stays; "
        f"the losses and the batch are in {evidence}. A lower learning rate or "
        "engine.precision: float32 often cures it"
    )


def refuse_broken(weights: Mapping[str, Mapping[str, Tensor]]) -> None:
    """No checkpoint is made of weights that are not numbers.

    Raises:
        NonFinite: names the first such tensor.
    """
    for network, tensors in weights.items():
        for key, tensor in tensors.items():
            if tensor.is_floating_point() and not tensor.isfinite().all():
                raise NonFinite(
                    f"{network}.{key} is not finite; no checkpoint was made of it, and the last "
                    "good one stays. A lower learning rate often cures it"
                )


def _yaml(value: object) -> bytes:
    text: str = yaml.safe_dump(value, sort_keys=False)
    return text.encode()
