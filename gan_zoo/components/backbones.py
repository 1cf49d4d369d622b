"""Which backbones timm has, and where weights are kept. Nothing here imports torch, nor timm, which
would.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from gan_zoo.errors import ContractError, near_misses

REGISTERED = re.compile(r"^@register_model\s*\ndef (\w+)\(", re.MULTILINE)


@cache
def model_names() -> frozenset[str]:
    """The models of the installed timm, read off its sources: importing it takes seconds."""
    found = find_spec("timm")
    roots = (found.submodule_search_locations or []) if found else []
    files = [path for root in roots for path in Path(root, "models").glob("*.py")]
    texts = (path.read_text(encoding="utf-8") for path in files)
    return frozenset(name for text in texts for name in REGISTERED.findall(text))


def require_model(backbone: str, *, option: str = "backbone") -> None:
    """Refuse what timm has no model for. A tag, which names weights, may follow a dot.

    Args:
        backbone: The model.
        option: Where the recipe says it.

    Raises:
        ContractError: with the models that were probably meant.
    """
    known = model_names()
    model = backbone.partition(".")[0]
    if model in known or not known:  # a timm without sources has the last word, in `build`
        return
    near = _near(model)
    hint = f"did you mean {' or '.join(near)}?" if near else "resnet18 is one."
    command = "python -c 'import timm; print(*timm.list_models())'"
    raise ContractError(
        f"timm has no model '{model}'; {hint} All {len(known)}: {command}",
        option=option,
    )


@cache
def _near(model: str) -> list[str]:
    return near_misses(model, model_names())


def how_to_fetch(backbone: str) -> str:
    """What to tell where timm's own weights of a model are not at hand."""
    return (
        f"timm's weights of {backbone} are not in the cache of this machine; with a network, fetch "
        f"them once: python -c \"import timm; timm.create_model('{backbone}', pretrained=True)\""
    )


def hub_path(file: str) -> Path:
    """Where torch hub's cache has a file, or would have it, as torch itself says."""
    if torch := sys.modules.get("torch"):
        folder = torch.hub.get_dir()
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch")
        folder = Path(os.environ.get("TORCH_HOME", home), "hub").expanduser()
    return Path(folder, "checkpoints", file)


def hub_file(file: str) -> Path | None:
    """A file in torch hub's cache, found as torch finds it; None where it is not there."""
    path = hub_path(file)
    return path if path.is_file() else None
