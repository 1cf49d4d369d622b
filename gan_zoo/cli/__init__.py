"""The command line: a thin layer over the functions that do the work, one file a command. Exit
codes: 0 done, 2 the user's input is wrong, 1 anything else. Torch is imported only by the commands
that compute.
"""

from __future__ import annotations

import errno
import os
import sys

import typer

from gan_zoo.cli import (
    ablate,
    check,
    data,
    evaluate,
    export,
    features,
    import_,
    init,
    list_,
    new_plugin,
    push,
    report,
    resume,
    run,
    schema,
    serve,
    show,
    translate,
)
from gan_zoo.cli.options import format_os_error
from gan_zoo.errors import UserError, show_every_letter
from gan_zoo.runs.process import prepare_process

app = typer.Typer(
    name="gan-zoo",
    help="The component zoo for conditional image-to-image GANs: recipes, plugins, one engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (
    init.init,
    run.run,
    resume.resume,
    check.check,
    show.show,
    schema.schema,
    list_.list_,
    list_.plugins,
    new_plugin.new_plugin,
    translate.translate,
    evaluate.evaluate,
    report.report,
    ablate.ablate,
    features.features,
    export.export,
    import_.import_,
    push.push,
    serve.serve,
):
    _name = _command.__name__.strip("_").replace("_", "-")
    app.command(_name, cls=ablate.RetryAll if _name == "ablate" else None)(_command)
app.add_typer(data.app, context_settings={"help_option_names": ["-h", "--help"]})


MISTAKES = (  # of the system that come from what was named, and not from a disk that fails
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EEXIST),
    *(errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG),
)


def main() -> None:
    """Run the command line; mistakes of people become messages, not tracebacks."""
    prepare_process()
    for stream in (sys.stdout, sys.stderr):
        show_every_letter(stream)
    try:
        app(prog_name="gan-zoo")
    except UserError as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone
        sys.exit(1)
    except OSError as problem:
        print(format_os_error(problem), file=sys.stderr)
        sys.exit(2 if problem.errno in MISTAKES else 1)
