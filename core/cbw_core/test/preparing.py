"""The test environment: the package installed into a prefix of its own, the test files, and the scripts to enter it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.config import Config
from cbw_core.errors import from_os_error
from cbw_core.events import Sink
from cbw_core.layout import Layout
from cbw_core.process import Cancel
from cbw_core.render.output import Output
from cbw_core.test.plan import RUNNERS, TestPlan
from cbw_core.test.steps import runner, write_step_scripts

if TYPE_CHECKING:
    from cbw_core.render.resolver import Resolver


def prepare(
    plan: TestPlan,
    package: Path,
    layout: Layout,
    config: Config,
    *,
    output: Output | None,
    resolver: Resolver,
    sink: Sink,
    cancel: Cancel,
    environ: Mapping[str, str],
) -> None:
    """Make layout.test_prefix and layout.test_dir ready to test `package`.

    The prefix gets the very file `package`, what it needs and what its tests need; the folder the test files (from
    the recipe and the work folder, or with output None from the package), conda_test_env_vars.sh to source and
    conda_test_runner.sh to run. For an output that has no tests only the folder is made.

    Tests run with SRC_DIR at the test folder, and see neither work folder nor host prefix by any variable.

    Raises what solving and installing raise; RecipeError and BuildError for test files that are not there;
    UsageError(kind="package") when `package` is none.
    """
    from cbw_core import env
    from cbw_core.test.packaged import output_of, read_info, record_of

    cancel.check()
    info = read_info(package)
    try:
        _files(output, layout, sink)
        if output is None:
            recipe_dir = layout.private / "package" / "recipe"
            shutil.rmtree(layout.private / "package", ignore_errors=True)
            info.write("recipe", recipe_dir)
            info.write("test", layout.test_dir)
        elif not plan.steps:
            return
    except OSError as error:
        raise from_os_error(error, "making the test folder") from error
    built = record_of(info)
    solved = resolver.solve(
        (*plan.specs, *config.extra_deps), plan.host_subdir or built.subdir, env="test", siblings=(built,)
    )
    packages = tuple(built if found.dist == built.dist else found for found in solved)
    env.install(packages, layout.test_prefix, config=config, sink=sink, cancel=cancel, environ=environ)
    subject = output or output_of(info, recipe_dir)
    try:
        write_scripts(plan, subject, layout, config, environ=environ)
    except OSError as error:
        raise from_os_error(error, "writing the test scripts") from error


def _files(output: Output | None, layout: Layout, sink: Sink) -> None:
    """A fresh test folder; with the recipe's test files when there is a recipe."""
    shutil.rmtree(layout.test_dir, ignore_errors=True)
    layout.test_dir.mkdir(parents=True)
    if output is not None:
        from cbw_core.package.testfiles import write_tests

        write_tests(output, layout, layout.test_dir, sink)


def write_scripts(
    plan: TestPlan, output: Output, layout: Layout, config: Config, *, environ: Mapping[str, str]
) -> None:
    """conda_test_env_vars.sh and conda_test_runner.sh (conda_build.build.write_test_scripts), and a script for each
    test. Where PATH has no conda, a program of that name that can list packages comes last on it."""
    from cbw_core.build import environment
    from cbw_core.build.writing import write_file
    from cbw_core.env import conda_command

    values = environment(output, layout, config, purpose="test", environ=environ)
    if conda_command.needed(values["PATH"]):
        values["PATH"] += f":{conda_command.write(layout.private / 'bin').parent}"
    lines = [f"# The test environment of {plan.dist}: source it in any bash."]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    if config.activate and output.name != "conda":
        from cbw_core.env import activation

        lines.append(activation([layout.test_prefix]).rstrip("\n"))
    write_file(layout.test_env_file, "\n".join([*lines, ""]), 0o600)
    text = [f"source {shlex.quote(str(layout.test_env_file))}", "set -e"]
    text += [shlex.join(command) for command in commands(layout).values()]
    write_file(layout.test_runner, "\n".join([*text, ""]), 0o700)
    write_step_scripts(plan, layout)


def commands(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Test file -> the command that runs it, in order; of the test files that are there."""
    found: dict[str, tuple[str, ...]] = {}
    for suffix in RUNNERS:
        file = layout.test_dir / f"run_test.{suffix}"
        if file.is_file():
            found[file.name] = runner(layout, file)
    return found
