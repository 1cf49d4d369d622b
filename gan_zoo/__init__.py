"""gan-zoo: the component zoo for conditional image-to-image GANs.

    recipe = gan_zoo.Recipe.load("quickstart", set={"generator.width": 16})
    run = gan_zoo.train(recipe, out="runs/mine")
    picture = gan_zoo.load("runs/mine")("input.png")

Every name is imported when it is first used; `import gan_zoo` alone costs nothing. Who writes
components imports from `gan_zoo.components`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_zoo.ablation.ablate import ablate
    from gan_zoo.checks import check, contracts
    from gan_zoo.errors import ContractError, DataError, UserError
    from gan_zoo.evaluation.scores import evaluate
    from gan_zoo.hub.pushing import push
    from gan_zoo.importer import import_run, import_unknown
    from gan_zoo.inference.export.exporting import export
    from gan_zoo.inference.files import translate_files as translate
    from gan_zoo.inference.loading import load
    from gan_zoo.recipe.problems import RecipeError
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.training.run import resume, train

__all__ = [
    "ContractError",
    "DataError",
    "Recipe",
    "RecipeError",
    "UserError",
    "ablate",
    "check",
    "contracts",
    "evaluate",
    "export",
    "import_run",
    "import_unknown",
    "load",
    "push",
    "resume",
    "train",
    "translate",
]

_HOMES = {  # name -> where it lives
    "ContractError": "gan_zoo.errors:ContractError",
    "DataError": "gan_zoo.errors:DataError",
    "Recipe": "gan_zoo.recipe.recipe:Recipe",
    "RecipeError": "gan_zoo.recipe.problems:RecipeError",
    "UserError": "gan_zoo.errors:UserError",
    "ablate": "gan_zoo.ablation.ablate:ablate",
    "check": "gan_zoo.checks:check",
    "contracts": "gan_zoo.checks:contracts",
    "evaluate": "gan_zoo.evaluation.scores:evaluate",
    "export": "gan_zoo.inference.export.exporting:export",
    "import_run": "gan_zoo.importer:import_run",
    "import_unknown": "gan_zoo.importer:import_unknown",
    "load": "gan_zoo.inference.loading:load",
    "push": "gan_zoo.hub.pushing:push",
    "resume": "gan_zoo.training.run:resume",
    "train": "gan_zoo.training.run:train",
    "translate": "gan_zoo.inference.files:translate_files",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'gan_zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
