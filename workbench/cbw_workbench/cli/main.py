"""`cbw`: one command, its result on stdout, what happens meanwhile and errors on stderr, an exit status."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from cbw_core.errors import CbwError, Interrupted, UsageError
from cbw_workbench.cli.output import Output
from cbw_workbench.commands.line import Parsed
from cbw_workbench.commands.run import read, run

PIPE_STATUS = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line. Returns the exit status: 0 fine, 1 the build or test failed, 2 the recipe or the arguments
    are wrong, 3 the environment failed, 70 a bug in cbw, 130 interrupted, 141 nobody reads our output any more."""
    _open_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    output = Output(json="--json" in words)
    try:
        status = _main(words, output)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the interpreter's own flush is quiet
        return PIPE_STATUS
    except KeyboardInterrupt:
        output.error(Interrupted("interrupted"))
        return Interrupted.exit_status
    return status


def _open_streams() -> None:
    """Streams that can be used: one that was closed leads nowhere (else the next file opened would take its number, and
    get what we print), and names of files are printed whatever bytes they are made of."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def _main(words: list[str], output: Output) -> int:
    try:
        if not words or words[0] in ("-h", "--help"):
            from cbw_workbench.commands.help import overview
            from cbw_workbench.commands.registry import all_commands

            output.text(overview(all_commands(), "cli"))
            return 0
        if words[0] in ("-V", "--version"):
            from cbw_core import __version__

            output.text(f"cbw {__version__}\n")
            return 0
        if words[0].startswith("-"):
            raise UsageError(
                f"{words[0]} stands before the command", hint="Write the command first: cbw COMMAND [arguments]."
            )
        return _run(read(words, "cli"), output)
    except CbwError as error:
        output.error(error)
        return error.exit_status
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        from cbw_workbench.bugs import bug_error

        bug = bug_error(error, words)
        output.error(bug)
        return bug.exit_status


def _run(parsed: Parsed, output: Output) -> int:
    if parsed.help is not None:
        output.text(parsed.help)
        return 0
    from cbw_core.process import Cancel
    from cbw_workbench.cli.context import context_for
    from cbw_workbench.cli.sinks import sink_for
    from cbw_workbench.stopping import stopping

    cancel = Cancel()
    with sink_for(parsed, sys.stderr) as sink, stopping(cancel):
        context = context_for(sink, cancel, json=parsed.json)
        try:
            result = run(parsed, context)
        except CbwError as error:
            sink.close()
            output.error(error)
            output.kept(error, context.session)
            return error.exit_status
        finally:
            sink.close()
    output.result(result)
    return result.status


if __name__ == "__main__":
    sys.exit(main())
