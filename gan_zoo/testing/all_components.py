"""What holds for every component of every kind, and for every plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from pydantic import ValidationError

from gan_zoo.components.kinds import KINDS
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.plugins import Plugin
from gan_zoo.testing.options import variants
from gan_zoo.testing.subject import Advice, Case, Subject, check, trying

# Loads one plugin in a fresh interpreter and says which of torch's modules came in on the way.
LOAD = """
import sys
from importlib import metadata
from gan_zoo.registry.plugins import load_entry_point as load
name, package = sys.argv[1:]
for entry in metadata.entry_points(group="gan_zoo", name=name):
    if entry.dist is None or entry.dist.name.lower().replace("_", "-") == package:
        plugin = load(entry)
        assert not plugin.error, plugin.error
        for spec in plugin.components:
            spec.model_json_schema()
heavy = sorted(n for n in sys.modules if n.split(".")[0] in {"torch", "torchvision", "timm"})
print(heavy[0] if heavy else "")
"""


@check()
def documented_options(subject: Subject) -> None:
    """The spec and each of its options say what they are."""
    spec = subject.spec
    if not (spec.__doc__ or "").strip() or spec.__doc__ == KINDS[spec.kind].__doc__:
        raise Advice(
            f"looked for the docstring of {spec.__name__}",
            came="none of its own",
            expected="a first line that says what it is, and cites the paper",
            cure="write it; `gan-zoo list` shows it",
        )
    for option in spec.model_fields:
        if not option_docs(spec).get(option, "").strip():
            raise Advice(
                f"looked for the text of the option {option} of {spec.__name__}",
                came="none",
                expected="a docstring under the field; `gan-zoo show` prints it",
                cure=f'write """...""" on the line below `{option}: ...`',
            )


@check()
def schema_round_trip(subject: Subject) -> None:
    """Spec -> plain data -> JSON -> the same spec; unknown options are refused."""
    context = {"zoo": subject.zoo}
    plain: dict[str, Any] = {}
    for example in [*(spec for _, spec in variants(subject.example, subject.zoo)), subject.example]:
        done = f"dumped {example!r} to JSON and read it back"
        with trying(
            done,
            expected="the same spec: a run saves its recipe so",
            cure="use types that JSON knows; for a tuple Annotated[tuple[...], Strict(False)]",
        ):
            plain = json.loads(json.dumps(example.model_dump(mode="json", context=context)))
            again = subject.zoo.resolve(KINDS[subject.spec.kind], plain, context)
        if again != example:
            raise Advice(
                done,
                came=repr(again),
                expected="the same spec: a run saves its recipe so",
                cure="keep every option in the dump, and let validators accept what they returned",
            )
    with trying("wrote its JSON Schema", expected="a schema", cure="use types that JSON knows"):
        subject.spec.model_json_schema(mode="validation")
    try:
        subject.zoo.resolve(KINDS[subject.spec.kind], {**plain, "no_such_option": 1}, context)
    except ValidationError:
        pass
    else:
        raise Advice(
            "read it back with an option no_such_option",
            came="nothing",
            expected="a refusal: a typo must not train with the default",
            cure='leave extra="forbid" in model_config as it is',
        )
    if subject.spec.model_config.get("frozen") is not True:
        raise Advice(
            "looked at model_config",
            came="the spec is not frozen",
            expected="a frozen spec",
            cure="leave model_config as the kind has it",
        )
    for option in subject.spec.per_phase:
        if option not in subject.spec.model_fields:
            raise Advice(
                "looked up the options in per_phase",
                came=f"there is no option {option}",
                expected=f"some of {', '.join(subject.spec.model_fields)}",
                cure="correct per_phase",
            )


def no_torch_at_import(plugin: Plugin) -> None:
    """Loading the plugin and writing its schemas does not import torch."""
    command = [sys.executable, "-c", LOAD, plugin.name, plugin.package]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    heavy = ended.stdout.strip()
    if ended.returncode or heavy:
        problem = ended.stderr.strip().splitlines()[-1:] or [""]
        raise Advice(
            f"loaded the plugin {plugin} in a fresh interpreter",
            came=f"import of {heavy}" if heavy else problem[0],
            expected="no torch: `gan-zoo list` and recipe errors answer at once",
            cure="import torch and your modules inside build() and open(), or under TYPE_CHECKING",
        )


def of_plugin(plugin: Plugin) -> Case:
    """The check of a plugin as a whole."""
    return Case(f"plugin {plugin.name}", "no torch at import", lambda _: no_torch_at_import(plugin))
