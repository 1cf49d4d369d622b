"""gan-zoo data: what one does with a folder of pictures before anything trains on it."""

from __future__ import annotations

import typer

from gan_zoo.cli import data_check, data_convert, data_make, data_preview, data_split

app = typer.Typer(
    name="data",
    help="Look at a folder of pictures, convert it, divide it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

for _command in (
    data_check.check,
    data_preview.preview,
    data_convert.convert,
    data_split.split,
):
    app.command(_command.__name__)(_command)
app.command(data_make.make.__name__, context_settings=data_make.OPEN)(data_make.make)
