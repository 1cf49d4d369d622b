"""A run -> a folder in a hub's layout: `runs/published.py` says what lies in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gan_zoo.engine.assembly import assemble
from gan_zoo.hub.card import Told, write_card
from gan_zoo.hub.evidence import Samples, data_of, samples_of, scores_elsewhere, scores_of
from gan_zoo.hub.licenses import License
from gan_zoo.hub.neutral import refuse_private, shortened
from gan_zoo.inference.networks import making_networks
from gan_zoo.inference.styles import style_files
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe import text
from gan_zoo.recipe.neutral import shorten_paths
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.report.run_view import read_run
from gan_zoo.reporter import Reporter
from gan_zoo.runs import environment
from gan_zoo.runs.atomic import write_files
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.opening import open_model
from gan_zoo.runs.published import CARD, CONFIG, FORMAT, LIBRARY, SAMPLES, TENSORS, tensors_file

RECIPE = "recipe.yaml"


def write_layout(
    run: RunFolder,
    folder: Path,
    *,
    weights: str | None,
    license: License,
    title: str,
    address: str,
    statement: str,
    samples: bool,
    reporter: Reporter,
) -> None:
    """Write what makes pictures of a run, with its card, and load it once to see that it does.

    Args:
        run: A run.
        folder: Empty.
        weights: Which of its weights; what the recipe says if absent.
        license: Of the model.
        title: Of the card.
        address: What `gan_zoo.load` will take.
        statement: Where the data came from.
        samples: Whether its previews are shown.
        reporter: Told what is left out, and what is shown.

    Raises:
        UserError: the run has no such weights, or something of this machine would be handed on.
        OSError: the disk is full or gone; names the file.
    """
    recipe = run.recipe()
    weights = weights or recipe.inference.weights
    phase, step = run.weights_phase(weights), run.weights_step(weights)
    names = making_networks(assemble(recipe, weights=False, losses="none"))
    networks = {name: run.load_weights(weights, name) for name in names}
    neutral, private = _neutral_recipe(recipe, weights, reporter)
    written = text.write(neutral)
    write_files(folder, {RECIPE: written, TENSORS: tensors_file(networks, step)})
    packages = environment.versions_of(environment.list_plugins(RunFolder(folder).recipe()))
    config = {
        "library_name": LIBRARY,
        "format": FORMAT,
        "weights": weights,
        "phase": phase,
        "step": step,
        "networks": names,
        "packages": packages,
    }
    told = json.dumps(config, indent=2) + "\n"
    write_files(folder, {CONFIG: told})
    _copy_styles(run, folder, weights, step, reporter)
    sheet = _copy_samples(run, folder, weights, reporter) if samples else None
    for file in scores_elsewhere(run, weights):
        reporter.say(f"Left out of the card: {file}, scores on other data than the run's own")
    model = Translator.load(open_model(folder), device="cpu")
    card = write_card(
        Told(
            title=title,
            address=address,
            license=license,
            model=model,
            run=read_run(run.path),
            step=step,
            scores=scores_of(run, weights),
            samples=sheet,
            data=data_of(run),
            root=str(getattr(model.recipe.data, "root", "")).rpartition("/")[2],
            statement=statement,
            packages=packages,
            recipe=written,
        )
    )
    texts = {RECIPE: written, CONFIG: told, CARD: card}
    if (styles := folder / style_files.FOLDER / style_files.ABOUT).is_file():
        texts[f"{style_files.FOLDER}/{style_files.ABOUT}"] = styles.read_text(encoding="utf-8")
    refuse_private(texts, run.path, private)
    write_files(folder, {CARD: card})


def _neutral_recipe(
    recipe: Recipe, weights: str, reporter: Reporter
) -> tuple[dict[str, Any], list[str]]:
    """The recipe with these weights as its own, without what is of this machine or only watched,
    and the paths that were shortened for it.
    """
    tree = recipe.dump()
    tree["inference"]["weights"] = weights
    zoo, watched = Zoo.installed(), []
    for name, spec in recipe.callbacks.items():
        plugin = zoo.owner(type(spec))
        if plugin is not None and not plugin.builtin and not spec.keeps:
            watched.append(name)
            del tree["callbacks"][name]
            _forget(tree["phases"], name)
    if watched:
        told = f"callbacks.{', callbacks.'.join(watched)}"
        reporter.say(f"Left out of the recipe: {told}, which only watched, with its package")
    moved: dict[str, str] = {}
    found: dict[str, Any] = shorten_paths(tree, moved)
    for path, now in moved.items():
        reporter.say(f"Shortened in the recipe, a path of this machine: {path} is {now}")
    return found, shortened(tree, found)


def _forget(phases: dict[str, Any], callback: str) -> None:
    """Take out what phases set of a callback that is none of the recipe's any more."""
    for phase in phases.values():
        for key, value in [*phase.get("set", {}).items()]:
            if f"{key}.".startswith(f"callbacks.{callback}."):
                del phase["set"][key]
            elif key == "callbacks" and isinstance(value, dict):
                value.pop(callback, None)


def _copy_styles(
    run: RunFolder, folder: Path, weights: str, step: int | None, reporter: Reporter
) -> None:
    """The gathered styles, where they are of these weights."""
    about = style_files.about(run)
    if about is None:
        return
    if (about.get("weights"), about.get("step")) != (weights, step):
        told = f"The styles are of weights {about.get('weights')} at step {about.get('step')}"
        reporter.say(f"{told} and stay here; gan-zoo features {run.path} renews them")
        return
    (folder / style_files.FOLDER).mkdir()
    for file in sorted((run.path / style_files.FOLDER).iterdir()):
        if file.name == style_files.ABOUT or file.suffix == ".safetensors":
            shutil.copyfile(file, folder / style_files.FOLDER / file.name)


def _copy_samples(run: RunFolder, folder: Path, weights: str, reporter: Reporter) -> Samples | None:
    """The sheet of previews."""
    sheet = samples_of(run, weights)
    if sheet is None:
        reporter.say("The run has no previews, so the card shows no pictures")
        return None
    shutil.copyfile(sheet.path, folder / SAMPLES)
    reporter.say(f"{SAMPLES} shows pictures of your data ({sheet.path}); --no-samples hides them")
    return sheet
