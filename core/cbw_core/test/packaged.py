"""What a built package says of itself and of its tests: info/ of the archive, read without unpacking the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, UsageError
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Output, Requirements, Resolved
from cbw_core.test.plan import RUNNERS, TestPlan, TestStep

_MOST = 512 << 20  # bytes of info/ that are read at most
_IMPORT = re.compile(r"^(?:import|use|library\(|require) ?\"?([^;\")]+)")
_BEGIN = re.compile(r"^(?:#|--)  ?--- (.+) \(begin\) ---$")


@dataclass(frozen=True)
class Info:
    """info/ of a package: path below info/ -> (mode, bytes, or where a link points)."""

    package: Path
    files: Mapping[str, tuple[int, bytes | str]]

    def text(self, path: str) -> str | None:
        found = self.files.get(path)
        return found[1].decode("utf-8", "replace") if found and isinstance(found[1], bytes) else None

    def json(self, path: str) -> Any:
        text = self.text(path)
        try:
            return None if text is None else json.loads(text)
        except ValueError as error:
            raise _unreadable(self.package, f"info/{path} is no JSON: {error}") from None

    @cached_property
    def index(self) -> Mapping[str, Any]:
        found = self.json("index.json")
        if not isinstance(found, dict) or not {"name", "version", "build"} <= found.keys():
            raise _unreadable(self.package, "it has no info/index.json with name, version and build")
        return found

    def write(self, below: str, folder: Path) -> None:
        """Write what is below info/`below`/ into `folder`; links only where they stay inside."""
        for path, (mode, content) in self.files.items():
            relative = path.removeprefix(f"{below}/")
            if relative == path:
                continue
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
                target.chmod(mode & 0o755 | 0o600)
            elif (target.parent / content).resolve().is_relative_to(folder.resolve()):
                target.symlink_to(content)
            else:
                raise _unreadable(self.package, f"info/{path} is a link out of the package")


def read_info(package: Path) -> Info:
    """Raises UsageError(kind="package") when it is no conda package."""
    import tarfile
    import zipfile

    import zstandard
    from conda_package_streaming.package_streaming import stream_conda_info

    files: dict[str, tuple[int, bytes | str]] = {}
    left = _MOST
    try:
        for archive, member in stream_conda_info(str(package)):
            name = member.name.removeprefix("./")
            if not name.startswith("info/") or ".." in name.split("/"):
                continue
            left -= member.size
            if left < 0:
                raise _unreadable(package, f"its info/ is larger than {_MOST >> 20} MiB")
            if member.issym():
                files[name[5:]] = member.mode, member.linkname
            elif member.isfile() and (stream := archive.extractfile(member)) is not None:
                files[name[5:]] = member.mode, stream.read()
    except CbwError:
        raise
    except FileNotFoundError:
        raise UsageError(f"there is no package {package}", kind="package", hint="Give its path.") from None
    except (OSError, ValueError, LookupError, EOFError, AssertionError) as error:
        raise _unreadable(package, str(error)) from error
    except (tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError) as error:
        raise _unreadable(package, str(error)) from error
    return Info(package, files)


def plan_of_package(package: Path) -> TestPlan:
    """The tests that a package carries in info/test. Raises UsageError(kind="package") when it is no package."""
    return plan_of_info(read_info(package))


def plan_of_info(info: Info) -> TestPlan:
    """The tests that a package carries in info/test."""
    requires = info.json("test/test_time_dependencies.json") or []
    steps: list[TestStep] = []
    for suffix in RUNNERS:
        file = f"run_test.{suffix}"
        text = info.text(f"test/{file}")
        if text is not None:
            steps += _shell_steps(text) if suffix == "sh" else _steps(text, file)
    output = output_of(info, Path())
    return TestPlan(
        name=output.name,
        version=output.version,
        build=output.build_string,
        subdir=output.subdir,
        host_subdir=output.host_subdir,
        requires=tuple(str(spec) for spec in requires),
        steps=tuple(steps),
        origin="package",
    )


def _steps(text: str, file: str) -> list[TestStep]:
    """Of a script that create_test made: the recipe's own part, and the imports behind it."""
    lines = text.splitlines()
    own = next((found[1] for line in lines if (found := _BEGIN.match(line))), None)
    start = next((n for n, line in enumerate(lines) if line.endswith("(end) ---")), 0)
    steps = [TestStep(file, own, file)] if own else []
    announced = False
    for line in lines[start:]:
        if announced and (found := _IMPORT.match(line)):
            steps.append(TestStep("imports", found[1].strip(), file))
        announced = line.startswith(("print(", "print "))
    if not steps and text.strip():
        steps.append(TestStep(file, file, file))
    return steps


def _shell_steps(text: str) -> list[TestStep]:
    from cbw_core.test.blame import COMMANDS

    own, found, commands = text.rpartition(COMMANDS)
    if not found:
        own, commands = text, ""
    steps = [TestStep("run_test.sh", "run_test.sh", "run_test.sh")] if own.strip() else []
    lines = [line for line in commands.removesuffix("exit 0\n").splitlines() if line.strip()]
    return [*steps, *(TestStep("commands", line, "run_test.sh") for line in lines)]


def output_of(info: Info, recipe_dir: Path) -> Output:
    """The package as an Output, as far as its info/ tells; `recipe_dir`: where info/recipe was written."""
    from cbw_core.recipe import load

    index = info.index
    recipe = _mapping(load(info.text("recipe/meta.yaml") or "{}"))
    variant = {
        **_mapping(info.json("hash_input.json")),
        **_mapping(load(info.text("recipe/conda_build_config.yaml") or "{}", "safe")),
    }
    native = native_subdir()
    subdir = str(index.get("subdir") or native)
    requirements = _mapping(recipe.get("requirements"))
    return Output(
        recipe_dir=str(recipe_dir),
        recipe_file=str(recipe_dir / "meta.yaml"),
        name=str(index["name"]),
        version=str(index["version"]),
        build_string=str(index["build"]),
        build_number=int(index.get("build_number") or 0),
        subdir=subdir,
        host_subdir=native if subdir == "noarch" else subdir,
        build_subdir=native,
        noarch=str(index.get("noarch") or ""),
        meta=recipe,
        variant=variant,
        hash_input=_mapping(info.json("hash_input.json")),
        requirements=Requirements(**{k: _texts(requirements.get(k)) for k in ("build", "host", "run")}),
    )


def record_of(info: Info) -> Resolved:
    """The package file as a channel would tell of it, with its file as url."""
    import hashlib

    index, package = info.index, info.package
    with package.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Resolved(
        name=str(index["name"]),
        version=str(index["version"]),
        build=str(index["build"]),
        build_number=int(index.get("build_number") or 0),
        subdir=str(index.get("subdir") or package.parent.name),
        channel=package.parent.parent.as_uri(),
        url=package.as_uri(),
        file_name=package.name,
        sha256=sha256,
        size=package.stat().st_size,
        timestamp=index.get("timestamp"),
        noarch=str(index.get("noarch") or ""),
        depends=_texts(index.get("depends")),
        constrains=_texts(index.get("constrains")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()


def _unreadable(package: Path, why: str) -> UsageError:
    return UsageError(
        f"{package.name} is not a conda package that can be read",
        kind="package",
        why=why,
        hint="Give a .conda or .tar.bz2 file as conda-build or cbw writes it.",
    )
