"""`cbw inspect env` and `cbw env ...`: environments looked into and changed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cbw_core.errors import UsageError, from_os_error
from cbw_workbench.commands import options
from cbw_workbench.commands.choosing import absolute, resolve_session
from cbw_workbench.commands.command import Arg, Command, Context, Result
from cbw_workbench.commands.results import EnvChanged, EnvironmentReport, EnvVariables, LockWritten, Text

if TYPE_CHECKING:
    from cbw_core.inspect import Environment
    from cbw_core.session import Change, Session

NAMES = ("build", "host", "run", "test")


def env_name(text: str) -> str:
    """An environment's name, checked."""
    if text not in NAMES:
        raise UsageError(f"there is no environment {text!r}", hint=f"One of {', '.join(NAMES)}.")
    return text


def build_or_test(text: str) -> str:
    """A phase that has variables of its own, checked."""
    if text not in ("build", "test"):
        raise UsageError(f"{text} has no variables of its own", hint="Those of build and test can be asked for.")
    return text


def inspect_env(context: Context, args: Namespace) -> Result:
    session = context.session
    assert session is not None
    names = args.env or (["test"] if session.is_package else ["build", "host"])
    single = sum(bool(option) for option in (args.diff, args.lock))
    if single > 1:
        raise UsageError("--diff and --lock exclude each other")
    if single and len(args.env) != 1:
        raise UsageError(
            f"{'--diff' if args.diff else '--lock'} is about one environment",
            hint=f"Name it: `cbw inspect env host {'--diff ' + args.diff if args.diff else '--lock ' + args.lock}`.",
        )
    found = [_environment(context, session, name) for name in names]
    if args.diff:
        return _diff(context, found[0], args.diff)
    if args.lock:
        return _lock(context, found[0], args.lock)
    if args.why:
        return _why(found, args.why)
    return Result(EnvironmentReport(tuple(found)))


def _environment(context: Context, session: Session, name: str) -> Environment:
    from cbw_core.session import environment_of

    return environment_of(session, name, sink=context.sink, cancel=context.cancel)


def _why(found: list[Environment], name: str) -> Result:
    """In each of the environments that have it."""
    from cbw_core.inspect import why
    from cbw_workbench.commands.results import WhyReport

    having = [env for env in found if any(p.name == name.lower() for p in env.packages)]
    if not having:
        found[-1].package(name)  # which says that it is not there
    return Result(WhyReport(tuple(why(env, name) for env in having)))


def _diff(context: Context, left: Environment, other: str) -> Result:
    """Against another environment of this session, or that of another session (SESSION, SESSION:ENV)."""
    from cbw_core.inspect import difference

    session = context.session
    name = left.name
    if other not in NAMES:
        folder, colon, last = other.rpartition(":")
        given, name = (folder, last) if colon and last in NAMES else (other, name)
        session = resolve_session(context, given, None)
    else:
        name = other
    assert session is not None
    right = _environment(context, session, name)
    titles = (f"{left.name} of {left.subject}", f"{right.name} of {right.subject}")
    if titles[0] == titles[1]:
        titles = (f"{titles[0]} ({_root(context.session)})", f"{titles[1]} ({_root(session)})")
    return Result(difference(left, right, names=titles))


def _root(session: Session | None) -> str:
    return session.root.name if session else ""


def _lock(context: Context, found: Environment, given: str) -> Result:
    from cbw_core.env import explicit_text
    from cbw_core.platforms import native_subdir
    from cbw_core.render.output import Resolved

    packages = [
        Resolved(p.name, p.version, p.build, 0, p.subdir, url=p.url, sha256=p.sha256, md5=p.md5) for p in found.packages
    ]
    platform = next((p.subdir for p in packages if p.subdir not in ("", "noarch")), native_subdir())
    text = explicit_text(packages, title=f"the {found.name} environment of {found.subject}", platform=platform)
    if given == "-":
        return Result(Text(text))
    file = absolute(given, context)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, f"writing {file}") from error
    return Result(LockWritten(str(file), found.name, found.subject, len(packages)))


def add(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Change

    return _change(context, Change(args.env, "add", tuple(args.spec)), save=args.save)


def remove(context: Context, args: Namespace) -> Result:
    from cbw_core.session import Change

    return _change(context, Change(args.env, "remove", tuple(args.name)), save=args.save)


def use(context: Context, args: Namespace) -> Result:
    from cbw_core.env import read_lock
    from cbw_core.session import Change

    session = context.session
    assert session is not None
    file: Path = absolute(args.file, context)
    packages = read_lock(file, config=session.config, environ=session.environ, cancel=context.cancel)
    return _change(context, Change(args.env, "use", file=str(file), packages=packages))


def reset(context: Context, args: Namespace) -> Result:
    from cbw_core.inspect import difference
    from cbw_core.session import reset_environments

    session = context.session
    assert session is not None
    before = _environment(context, session, args.env)
    reset_environments(session, (args.env,), sink=context.sink, cancel=context.cancel)
    after = _environment(context, session, args.env)
    return Result(EnvChanged(args.env, "as the recipe has it", difference(before, after, names=("before", "after"))))


def _change(context: Context, change: Change, *, save: bool = False) -> Result:
    from cbw_core.inspect import difference
    from cbw_core.session import change_environment, check_saving, save_change

    session = context.session
    assert session is not None
    if save:
        check_saving(session, change)  # before anything is done, whether the recipe can take it
    before = _environment(context, session, change.env)
    changed = change_environment(session, change, sink=context.sink, cancel=context.cancel)
    places = tuple(save_change(session, changed)) if save else ()
    after = _environment(context, session, changed.env)
    return Result(EnvChanged(changed.env, str(change), difference(before, after, names=("before", "after")), places))


def variables(context: Context, args: Namespace) -> Result:
    from cbw_core.build import explained

    session = context.session
    assert session is not None
    purpose: Literal["build", "test"] = "test" if args.phase == "test" or session.is_package else "build"
    output = session.output
    if session.is_package:
        from cbw_core.test.packaged import output_of, read_info

        output = output_of(read_info(session.package), Path())
    found = explained(
        output, session.layout, session.config, purpose=purpose, environ=session.environ, cancel=context.cancel
    )
    if args.name:
        found = tuple(variable for variable in found if variable.name in args.name)
    made = (session.layout.test_prefix if purpose == "test" else session.layout.host_prefix).is_dir()
    remarks = () if made else ("the environment is not made yet: what activation sets is not in this",)
    caller = dict(context.environ) if args.diff else None
    return Result(EnvVariables(purpose, output.dist, found, caller, remarks))


def _group(context: Context, args: Namespace) -> Result:
    raise UsageError("env what?", hint="`cbw env --help` lists what there is.")


_WHICH = tuple(
    Arg(
        (f"--{name}",),
        f"the {name} environment" + (" (the default)" if name == "host" else ""),
        {"action": "store_const", "const": name, "dest": "env", **({"default": "host"} if name == "host" else {})},
    )
    for name in ("host", "build", "test")
)
_SAVE = Arg(
    ("--save",),
    "write it into the recipe too, into the section of this output; every other byte stays",
    {"action": "store_true"},
)

INSPECT_ENV = Command(
    "inspect env",
    "the packages of an environment: versions, channels, sizes, who needs each of them and why",
    inspect_env,
    description=(
        "Packages of an environment of the session, read from what is installed, or solved where nothing is yet (run\n"
        "is what the package will be installed with). --why NAME draws the way from a line of the recipe to it."
    ),
    args=(
        Arg(
            ("env",),
            "build, host, run, test (default: build and host)",
            {"nargs": "*", "type": env_name, "metavar": "ENV"},
        ),
        Arg(("--why",), "how this package came into it, from the recipe's line on", {"metavar": "NAME"}),
        Arg(
            ("--diff",),
            "what differs from another environment (build, host, ...), or from that of another session (SESSION or "
            "SESSION:ENV)",
            {"metavar": "OTHER"},
            "session",
        ),
        Arg(
            ("--lock",),
            "write an explicit file that makes the same environment again, with conda or with `cbw env use` (- prints "
            "it)",
            {"metavar": "FILE"},
            "path",
        ),
        *options.SESSION,
    ),
    examples=(
        "cbw inspect env",
        "cbw inspect env host --why zlib",
        "cbw inspect env host --diff test",
        "cbw inspect env host --diff debug_1700000000000",
        "cbw inspect env host --lock host.txt",
    ),
    group="session",
    needs_session=True,
)

MEMBERS = (
    Command(
        "env add",
        "add packages to an environment of the session; what is installed stays as it is",
        add,
        description=(
            "Installs at once where the environment is there already, and stays through `rerun env`. A package named\n"
            "that is installed may change its version; all others are pinned."
        ),
        args=(
            Arg(("spec",), "requirements as recipes write them", {"nargs": "+", "metavar": "SPEC"}),
            *_WHICH,
            _SAVE,
            *options.SESSION,
            options.QUIET,
        ),
        examples=("cbw env add zlib", "cbw env add 'cmake 3.20' --build", "cbw env add pytest --test --save"),
        group="session",
        needs_session=True,
        long=True,
    ),
    Command(
        "env remove",
        "remove packages, and those that need them, from an environment of the session",
        remove,
        args=(
            Arg(("name",), "names of packages", {"nargs": "+", "metavar": "NAME"}),
            *_WHICH,
            _SAVE,
            *options.SESSION,
            options.QUIET,
        ),
        examples=("cbw env remove zlib", "cbw env remove make --build --save"),
        group="session",
        needs_session=True,
        long=True,
    ),
    Command(
        "env use",
        "make an environment of the session exactly what an explicit file says",
        use,
        args=(
            Arg(
                ("file",), "a file of `cbw inspect env --lock` or `conda list --explicit`", {"metavar": "FILE"}, "path"
            ),
            *_WHICH,
            *options.SESSION,
            options.QUIET,
        ),
        examples=("cbw env use host.txt", "cbw env use test.txt --test"),
        group="session",
        needs_session=True,
        long=True,
    ),
    Command(
        "env reset",
        "take back all changes made to an environment of the session",
        reset,
        args=(*_WHICH, *options.SESSION, options.QUIET),
        examples=("cbw env reset", "cbw env reset --test"),
        group="session",
        needs_session=True,
        long=True,
    ),
    Command(
        "env vars",
        "every variable of the build or of the tests, and where its value comes from",
        variables,
        description=(
            "The last one to set a variable comes first: conda-build, the variant, script_env, the caller's\n"
            "environment, activation, or a script in etc/conda/activate.d of a package. Activation is run to see."
        ),
        args=(
            Arg(
                ("phase",),
                "build (the default) or test",
                {"nargs": "?", "type": build_or_test, "default": "build", "metavar": "PHASE"},
                "phase",
            ),
            Arg(("--name",), "only this variable, may be repeated", {"action": "append", "metavar": "NAME"}),
            Arg(
                ("--diff",),
                "what differs from the environment you call it from: + new, ~ other value, - not there",
                {"action": "store_true"},
            ),
            *options.SESSION,
        ),
        examples=("cbw env vars", "cbw env vars test --name PATH", "cbw env vars --diff"),
        group="session",
        needs_session=True,
    ),
)

COMMANDS = (
    Command(
        "env",
        "change the environments of a session, and see their variables",
        _group,
        examples=("cbw env add zlib", "cbw env vars --diff"),
        group="session",
        members=MEMBERS,
    ),
)
