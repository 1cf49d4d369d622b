"""How a published model is used: lines to copy that work."""

from __future__ import annotations

from collections.abc import Mapping

from gan_zoo.inference.translator import Translator
from gan_zoo.runs.fetching import HUB
from gan_zoo.runs.published import LIBRARY


def describe_use(address: str, model: Translator, packages: Mapping[str, str]) -> list[str]:
    """Installing, from Python, from the command line.

    Args:
        address: What `gan_zoo.load` takes.
        model: Loaded from what is published.
        packages: Package -> version that loading needs.
    """
    guests = [f"{name}>={version}" for name, version in packages.items() if name != LIBRARY]
    needs = [f"{LIBRARY}[hub]>={packages.get(LIBRARY, '0')}", *guests]
    install = " ".join(f"'{one}'" for one in needs)
    return [
        f"```bash\npip install {install}\n```",
        f"```python\n{_python(address, model)}\n```",
        f"```bash\ngan-zoo translate {address} INPUTS OUTPUTS\n```",
        *_note(address),
    ]


def _python(address: str, model: Translator) -> str:
    """Three lines."""
    plain = {name: model.shapes[name].ids or model.values(name).plain for name in model.inputs}
    files = {name: "input.png" if is_plain else "input.tif" for name, is_plain in plain.items()}
    given = f'"{next(iter(files.values()))}"'
    if len(files) > 1:
        inside = ", ".join(f'"{name}": "{name}{file[5:]}"' for name, file in files.items())
        given = f"{{{inside}}}"
    made = f'model({given}).save("output.png")'
    if not model.values(model.target).plain:
        made = f"numbers = model({given})  # an array, in the numbers of the target's files"
    return f'import gan_zoo\n\nmodel = gan_zoo.load("{address}")\n{made}'


def _note(address: str) -> list[str]:
    if address.startswith(HUB):
        return []
    return [f"`{address}` is the folder of this card; on the hub the same is hub:OWNER/NAME."]
