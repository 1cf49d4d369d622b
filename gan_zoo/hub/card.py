"""The model card: README.md with a head that hubs read, and a page for people."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gan_zoo.components.shapes import Image
from gan_zoo.errors import format_size
from gan_zoo.evaluation.score_files import Scores
from gan_zoo.hub.evidence import Samples
from gan_zoo.hub.licenses import License
from gan_zoo.hub.usage import describe_use
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe import text
from gan_zoo.report.run_view import RunView
from gan_zoo.report.scores import describe_order, describe_protocol
from gan_zoo.report.wording import describe_end, describe_training, figure
from gan_zoo.runs.published import LIBRARY, SAMPLES

TASK = "image-to-image"
PUBLIC = re.compile(r"hf://(?:datasets/)?(.+)")  # the root of a public data set
UNSAID = (
    "Whoever published this model has not said where the data came from, whom it shows, and under "
    "which license it may be used."
)
LIMITS = (
    "The pictures are plausible, not true: what the input does not show is made up. They are no "
    "evidence, no measurement and no diagnosis.",
    "Inputs unlike the training data give pictures that look as sure as the others, and are not.",
    "Decisions about people, and whatever can harm someone, need a validation of their own, on "
    "data of that use; the scores above are none.",
)


@dataclass(frozen=True)
class Told:
    """All that a card tells.

    Args:
        title: Of the model.
        address: What `gan_zoo.load` takes.
        license: What others may do with it.
        model: Loaded from what is published.
        run: The run that it was made of.
        step: Of the weights.
        scores: Of these weights.
        samples: What it previewed.
        data: Split -> samples and fingerprint.
        root: The last name of the data's folder; empty where it has none.
        statement: Where the data came from, in the author's words.
        packages: Package -> version that loading needs.
        recipe: As YAML.
    """

    title: str
    address: str
    license: License
    model: Translator
    run: RunView
    step: int | None
    scores: Sequence[Scores]
    samples: Samples | None
    data: Mapping[str, tuple[int, str]]
    root: str
    statement: str
    packages: Mapping[str, str]
    recipe: str


def write_card(told: Told) -> str:
    """README.md."""
    data = " --data DIR" if told.root else ""
    parts = [
        f"---\n{text.write(_head(told))}---",
        f"# {told.title}",
        *_what_it_does(told),
        *_samples(told),
        "## How to use",
        *describe_use(told.address, told.model, told.packages),
        "## Scores",
        *_scores(told),
        "## Data",
        *_data(told),
        "## What it is not for",
        "\n".join(f"- {limit}" for limit in LIMITS),
        "## Recipe",
        f"Training it again: `gan-zoo run recipe.yaml{data}`, with the file beside this card.",
        f"<details>\n<summary>recipe.yaml</summary>\n\n```yaml\n{told.recipe}```\n\n</details>",
        "## License",
        f"Of the model: {told.license}. That of its data is another matter: see above.",
    ]
    return "\n\n".join(parts) + "\n"


def _head(told: Told) -> dict[str, Any]:
    recipe = told.model.recipe
    tags = [LIBRARY, "gan", TASK, told.run.value("generator.use")]
    head: dict[str, Any] = {
        **told.license.head(),
        "library_name": LIBRARY,
        "pipeline_tag": TASK,
        "tags": list(dict.fromkeys(tags)),
    }
    if public := PUBLIC.fullmatch(str(getattr(recipe.data, "root", ""))):
        head["datasets"] = [public[1]]
    if told.scores:
        head["model-index"] = [
            {"name": told.title, "results": [_result(told, one) for one in told.scores]}
        ]
    return head


def _result(told: Told, scores: Scores) -> dict[str, Any]:
    """Scores on one split, as hubs list results."""
    name = told.root or told.run.value("data.use")
    return {
        "task": {"type": TASK},
        "dataset": {"name": name, "type": name, "split": scores.split},
        "metrics": [
            {"type": metric, "name": f"{metric}, protocol {score.id}", "value": score.value}
            for metric, score in scores.measured.items()
            if math.isfinite(score.value)
        ],
    }


def _what_it_does(told: Told) -> list[str]:
    model = told.model
    takes = " and ".join(_map(model, name) for name in model.inputs)
    size = model.recipe.phases[model.phase].size or _size(model)
    at = f", learned at {format_size(size)}" if size else ""
    modules = (*model.networks().values(), *model.cast.conditions.values())
    count = sum(p.numel() for p in {p for module in modules for p in module.parameters()})
    of_step = "" if told.step is None else f" of step {told.step:,}"
    version = f"gan-zoo {told.packages.get(LIBRARY, '')}".strip()
    return [
        f"Takes {takes} and makes {_map(model, model.target)}, at any size{at}.",
        f"{describe_training(told.run)} {describe_end(told.run)} These are the weights "
        f"{model.weights}{of_step}: {count:,} parameters. Made with {version}.",
    ]


def _size(model: Translator) -> tuple[int, int] | None:
    return model.shapes[model.target].size


def _map(model: Translator, name: str) -> str:
    """A map in words: its name, and what is in its files."""
    image: Image = model.shapes[name]
    if image.classes is not None:
        return f"`{name}` (a map of {image.classes} classes)"
    if image.ids:
        return f"`{name}` (a map of instances)"
    values = model.values(name)
    colors = {"grey": "grey", "rgb": "color", "rgba": "color with alpha", "cmyk": "four inks"}
    usual = {1: "grey", 3: "color"}.get(image.channels, f"{image.channels} channels")
    kind = colors.get(values.colors, usual)
    return f"`{name}` ({kind}{'' if values.plain else f', {values.dtype} {values}'})"


def _samples(told: Told) -> list[str]:
    if told.samples is None:
        return []
    spec = told.model.recipe.callbacks.get(told.samples.callback)
    split = getattr(spec, "split", "")
    rows = f"{told.samples.rows} samples" if told.samples.rows else "samples"
    of = f" of the split `{split}`" if split else ""
    named = ", ".join(told.samples.columns)
    columns = f", from left to right: {named}" if named else ""
    caption = f"As training showed them at step {told.samples.step:,}: {rows}{of}{columns}."
    return [f"![Samples]({SAMPLES})", f"*{caption}*"]


def _scores(told: Told) -> list[str]:
    if not told.scores:
        return ["None: nothing but the pictures tells how good these weights are."]
    rows, protocols = [], {}
    for scores in told.scores:
        for metric, score in scores.measured.items():
            if math.isfinite(score.value):
                order = describe_order(score.lower_is_better, score.ideal)
                cells = [metric, figure(score.value), order, scores.split, f"{scores.pictures:,}"]
                rows.append(f"| {' | '.join([*cells, score.id])} |")
                protocols[score.id] = f"- {score.id}: {describe_protocol(score.protocol)}"
    head = "| score | value | | split | pictures | protocol |\n|---|---:|---|---|---:|---|"
    same = "Only scores of one protocol may be compared:"
    return ["\n".join([head, *rows]), same, "\n".join(protocols.values())]


def _data(told: Told) -> list[str]:
    recipe = told.model.recipe
    named = f" in a folder called `{told.root}`" if told.root else ""
    what = "pairs" if recipe.data.paired else "samples"
    lines = [f"- `{told.run.value('data.use')}`{named}"]
    for split, (count, print_) in told.data.items():
        known = f"; fingerprint of names and sizes {print_}" if print_ else ""
        lines.append(f"- {split}: {count:,} {what}{known}")
    return ["\n".join(lines), *_pretrained(told), told.statement.strip() or UNSAID]


def _pretrained(told: Told) -> list[str]:
    """Weights learned elsewhere, which have licenses of their own."""
    found = []
    for path, spec in told.model.recipe.components().items():
        weights = getattr(spec, "weights", "none")
        if weights != "none" and not path.startswith("validation."):
            net = getattr(spec, "network", None) or getattr(spec, "backbone", None)
            found.append(f"- {path}: {spec.name}{f' on {net}' if net else ''}, weights {weights}")
    if not found:
        return []
    return ["\n".join(["Weights learned elsewhere, on other data, took part:", "", *found])]
