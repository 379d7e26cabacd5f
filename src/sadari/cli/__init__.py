"""The command line: one thin verb per file, each a call into the floors below."""

from __future__ import annotations

import errno
import sys
import warnings

INTERRUPTED = 130  # the shell's status after Ctrl-C
OF_THE_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
}
"""What the system says of a disk that is full and of files that may not be written or read."""


def main() -> None:
    """Runs the command line; an error that sadari foresaw is a sentence, not a traceback.

    Exit status: 0 done, 1 the work says no, 2 wrong usage or bad input, 130 interrupted."""
    from sadari.cli.app import app
    from sadari.cli.common import messages
    from sadari.text import SadariError

    # What libraries will change one day is for their programmers, not for who runs a command.
    warnings.simplefilter("ignore", FutureWarning)
    try:
        app(standalone_mode=True)
    except SadariError as error:
        messages.print(f"[bold red]✗[/] {_escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_status)
    except (KeyboardInterrupt, SystemExit) as stop:
        # Typer turns Ctrl-C into an exit of its own
        if isinstance(stop, SystemExit) and stop.code != INTERRUPTED:
            raise
        messages.print(
            "Interrupted. What was finished is kept, of a tuning its last checkpoint; the same "
            "command goes on from there.",
            soft_wrap=True,
        )
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in OF_THE_MACHINE:
            raise
        place = f"{error.filename}: " if error.filename else ""
        todo = "Make room or choose a folder that can be written; the same command goes on."
        messages.print(
            f"[bold red]✗[/] {_escape(f'{place}{error.strerror}. {todo}')}", soft_wrap=True
        )
        sys.exit(2)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
