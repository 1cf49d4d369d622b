"""gan-zoo data preview RECIPE."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import DataRoot, RecipeName, Set, load_recipe


def preview(
    recipe: RecipeName,
    data: DataRoot = None,
    set_: Set = None,
    count: Annotated[int, typer.Option(metavar="N", min=1, help="Samples.")] = 4,
    draws: Annotated[
        int, typer.Option(metavar="N", min=1, help="Times that each is drawn, a pass each.")
    ] = 3,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PNG.")] = Path("preview.png"),
) -> None:
    """Draw exactly what the networks will see.

    The first samples that training reads, after augmentation, in several passes over the data; then
    what conditions make of them. The run's own loader and seed make them.
    """
    made, source = load_recipe(recipe, data, set_)
    from gan_zoo.data_tools.drawing import save_picture
    from gan_zoo.data_tools.preview import preview as look

    found = look(made, source, count=count, draws=draws)
    save_picture(found.draw(), out)
    names = ", ".join(dict.fromkeys(one.name for one in found.seen))
    print(f"{out}: {names}; as phase {found.phase} sees them in its first passes")
    for name in found.left_out:
        print(f"conditions.{name} is not drawn: it learns, or draws by chance")
