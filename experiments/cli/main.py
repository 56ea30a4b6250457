"""The command ``lintas``: which commands are there, and how does each end?

Each command imports what it needs when it is called, so that ``lintas --help`` answers at once. A mistake of the user
gives one sentence on standard error and exit code 2; nothing is left half written.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.cli import calibrate, compare, compile, describe, evidence, run, sensitivity, studies
from experiments.cli.app import open_app
from experiments.files import InterruptedAfterwards
from experiments.options import bounded

PACKAGE_MODULES = ("agents", "abm", "calibration", "experiments")
#: Exit code of a fault of the program itself (that of an internal error in sysexits.h).
FAULT = 70

app = typer.Typer(
    name="lintas",
    help="An agent-based model of the communities on the border of Kalimantan and Sarawak, 1980–2015.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def script() -> None:
    """What the command ``lintas`` runs: :func:`main`, then out at once, since taking down the libraries costs a third of a second."""
    gc.set_threshold(100_000, 50, 50)  # a command is short-lived: look for garbage less often while libraries load
    _prepare_streams()
    try:
        code = main()
    except BaseException as error:  # a fault of the program, not of its user
        if os.environ.get("LINTAS_TRACEBACK") or isinstance(error, SystemExit):
            raise
        print(f"lintas: {_unexpected(error)}", file=sys.stderr)
        code = FAULT
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    failure = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "failure", None)
    if failure is not None and not isinstance(failure, BrokenPipeError):
        print(f"lintas: cannot write the output: {failure.strerror or failure}", file=sys.stderr)
        code = code or 2
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def _unexpected(error: BaseException) -> str:
    """One sentence for an error that no command expects."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; take fewer households or workers"
    if isinstance(error, OSError) and error.errno is not None:
        where = f" '{shorten(error.filename)}'" if error.filename else ""
        return f"the system refused{where}: {error.strerror or error.errno}"
    return f"unexpected {type(error).__name__}: {shorten(error, 300)}; with LINTAS_TRACEBACK=1 the same command shows where, for a report of the fault"


class _Stream(io.FileIO):
    """Standard output or standard error that ends no command: what cannot be written is dropped, and :func:`script` says so at the end.

    A reader that has gone (``lintas parameters | head``) is no failure.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        if self.failure is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.failure = error
        return len(data)


def _prepare_streams() -> None:
    """Output that never ends a command: letters that the terminal does not know become question marks, and a closed stream takes nothing."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (it stays open until the end)
            continue
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream.fileno() == number:
                out = io.BufferedWriter(_Stream(number, "w", closefd=False))
                setattr(sys, name, io.TextIOWrapper(out, stream.encoding, "replace", line_buffering=stream.line_buffering or number == 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 (a repeated run differs), 2 (a mistake in the input) or 130 (interrupted)."""
    command = typer.main.get_command(app)
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]

    def refuse(sentence: str) -> int:
        print(f"lintas: {bounded(sentence, given)}", file=sys.stderr)
        return 2

    try:
        _check_text(given)
        outcome = command.main(args=given, prog_name="lintas", standalone_mode=False)
    except UserError as error:
        return refuse(str(error))
    except InterruptedAfterwards as error:
        print(f"lintas: {error}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        if type(error).__name__ == "Abort":  # the way the parser passes on an interruption
            return _interrupted()
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # the parser's own refusals
            group = getattr(getattr(error, "ctx", None), "command", command)  # the group of commands in which the mistake is
            return refuse(_parser_sentence(error, given, list(getattr(command, "commands", {})), list(getattr(group, "commands", {}))))
        if isinstance(error, ValueError) and type(error).__module__.split(".")[0] in PACKAGE_MODULES:
            return refuse(str(error))
        raise
    if outcome == 130:  # the parser has caught the interruption itself
        return _interrupted()
    return outcome if isinstance(outcome, int) else 0


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not text: no manifest and no message could hold them."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(
                f"the argument '{shorten(argument)}' is no readable text (not UTF-8); rename the file or folder, or write it another way"
            ) from None


def _interrupted() -> int:
    print("lintas: interrupted, nothing was written", file=sys.stderr)
    return 130


def _parser_sentence(error: Any, given: list[str], commands: list[str], near_ones: list[str]) -> str:
    """What the parser of the command line refused, with near matches (``near_ones``: the commands that might be meant) and where to look."""
    from agents.core.declare import near

    text = str(error.format_message()).rstrip(".")
    unknown = re.match(r"No such command '([^']+)'", text)
    if unknown:
        return f"there is no command '{shorten(unknown[1])}'; {near(shorten(unknown[1]), near_ones)}"
    where = f"lintas {given[0]} --help" if given and given[0] in commands else "lintas --help"
    return f"{text[0].lower()}{text[1:]}; see '{where}'"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        with contextlib.suppress(PackageNotFoundError):
            print(f"lintas {version('lintas')}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")] = False,
) -> None:
    """Options before the command."""


run.register(app)
describe.register(app)
compile.register(app)
app.command(name="app")(open_app)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A short measurement.")] = False,
) -> None:
    """Measure how fast the model runs on this machine."""
    from importlib.util import find_spec

    if find_spec("experiments.cli.bench") is None:
        raise UserError("this installation has no benchmark; install lintas again with its module experiments.cli.bench")
    from importlib import import_module

    arguments = [option for option, given in (("--json", as_json), ("--quick", quick)) if given]
    code = import_module("experiments.cli.bench").main(arguments)
    raise typer.Exit(code if isinstance(code, int) else 0)


for group in (studies, sensitivity, compare, evidence, calibrate):
    group.register(app)


if __name__ == "__main__":
    sys.exit(main())
