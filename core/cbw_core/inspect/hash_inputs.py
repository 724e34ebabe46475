"""The hash inputs of rendered outputs, each variable with its uses and its source."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cbw_core.errors import Place
from cbw_core.inspect.build_string import string_parts, version_token
from cbw_core.inspect.model import Hashed, HashInputs, StringPart, Variable
from cbw_core.render import Output, Trail, Use
from cbw_core.variants import Origins, as_list

HASH_LENGTH = 7
# conda-build shows these in the build string, and leaves every key that begins so out of the hash
_NOT_HASHED = ("python", "r_base", "perl", "lua")


def canonical(contents: Mapping[str, Any]) -> str:
    """The text that is hashed (conda_build.metadata.MetaData.hash_dependencies); "" for nothing."""
    return json.dumps(dict(contents), sort_keys=True, default=sorted) if contents else ""


def digest(text: str) -> tuple[str, str]:
    """(sha1 in full, "h" and the digits that a build string has) of a canonical text; empty for nothing to hash."""
    if not text:
        return "", ""
    sha1 = hashlib.sha1(text.encode()).hexdigest()
    return sha1, f"h{sha1[:HASH_LENGTH]}"


def of_output(output: Output, trail: Trail, origins: Origins, subject: str) -> HashInputs:
    """Of an output that was rendered with its trail."""
    text = canonical(output.hash_input)
    sha1, short = digest(text)
    uses = _by_name(trail.uses)
    shown = {name: (_version(output, name), _requirement_place(uses, name)) for name in _shown_packages(output)}
    parts = string_parts(
        output.build_string,
        short,
        output.build_number,
        own=trail.places.get("build/string"),
        number_place=trail.places.get("build/number"),
        shown=shown,
        features=[str(f) for f in as_list(output.section("build").get("features"))],
    )
    return HashInputs(
        subject=subject,
        kind="recipe",
        name=output.name,
        version=output.version,
        build_string=output.build_string,
        build_number=output.build_number,
        subdir=output.subdir,
        canonical=text,
        sha1=sha1,
        hash=short,
        variables=tuple(_variable(output, name, uses, origins, parts) for name in output.used_vars),
        virtual=tuple(_virtual(output, trail)),
        parts=parts,
        unused=trail.unused,
        remarks=tuple(remarks(output.used_vars, output.hash_input, output.build_string, short, parts)),
    )


def _by_name(uses: Sequence[Use]) -> dict[str, tuple[Use, ...]]:
    return {name: tuple(u for u in uses if u.name == name) for name in {u.name for u in uses}}


def _variable(
    output: Output,
    name: str,
    uses: Mapping[str, tuple[Use, ...]],
    origins: Origins,
    parts: tuple[StringPart, ...],
) -> Variable:
    value = output.variant.get(name)
    chosen = origins.chosen(name, value)
    hashed = name in output.hash_input
    return Variable(
        name=name,
        value=value,
        hashed=hashed,
        not_hashed="" if hashed else why_not_hashed(name, output, origins),
        shown=version_token(name, parts),
        by=chosen.by if chosen else None,
        narrowed=chosen.narrowed if chosen else (),
        overridden=chosen.overridden if chosen else (),
        zipped=chosen.zipped if chosen else (),
        uses=uses.get(name, ()),
    )


def why_not_hashed(name: str, output: Output, origins: Origins | None = None) -> str:
    """Why a used variable is not in the hash (conda_build.metadata.MetaData.get_hash_contents)."""
    by = next((n for n in _NOT_HASHED if name.startswith(n)), None)
    if by == name:
        return "conda-build never hashes it; the build string shows it where host and run both need it"
    if by:
        return f"conda-build leaves out every key that begins with {by!r}"
    for item in map(str, as_list(output.variant.get("ignore_version", []))):
        if re.match(rf"{item}[\s$]?.*", name):
            chosen = origins.chosen("ignore_version", item) if origins else None
            where = f" at {chosen.by.place}" if chosen and chosen.by.place else ""
            return f"ignore_version lists {item!r}{where}"
    if name.startswith("numpy"):
        return "numpy x.x: conda-build shows it in the build string instead"
    if name == "target_platform" and not output.hash_input:
        return "target_platform alone is not hashed"
    return "conda-build leaves it out"


def remarks(
    used: Sequence[str], contents: Mapping[str, Any], build: str, short: str, parts: tuple[StringPart, ...]
) -> list[str]:
    """What often surprises, said first."""
    found: list[str] = []
    own = any(p.kind == "recipe" for p in parts)
    for name in used:
        if name in contents or name == "target_platform":
            continue
        if name in _NOT_HASHED and not version_token(name, parts):
            found.append(
                f"{name} is used, but neither hashed nor shown in the build string: "
                f"builds for different {name} have the same name"
            )
        elif name not in _NOT_HASHED and any(name.startswith(n) for n in _NOT_HASHED):
            found.append(f"{name} is used, but its name keeps it out of the hash: builds may have the same name")
    if own and short and short[1:] not in build:
        found.append(f"build/string holds no hash, so {', '.join(contents)} cannot tell builds apart")
    if not contents:
        what = (
            "no variable is used" if not used else f"{', '.join(used)} {'is' if len(used) == 1 else 'are'} not hashed"
        )
        found.append(f"nothing is hashed: {what}")
    return found


def _virtual(output: Output, trail: Trail) -> list[Hashed]:
    found: list[Hashed] = []
    for name, spec in output.hash_input.items():
        if not name.startswith("__"):
            continue
        written = next((w for w in trail.written if w.section == "run" and w.spec.split()[:1] == [name]), None)
        export = next((e for e in trail.exported if "run" in e.joined and e.spec.split()[:1] == [name]), None)
        brought = f"run_exports ({export.kind}) of {export.package}" if export and not written else ""
        found.append(Hashed(name, str(spec), written.place if written else None, brought))
    return found


def _shown_packages(output: Output) -> list[str]:
    return ["numpy", "python", "perl", "lua", "r-base", "mro-base"] if output.requirements.run else []


def _version(output: Output, name: str) -> str:
    """The version that the build string shows: the requirement's, else the variant's."""
    kind = output.requirements.host if output.has_host else output.requirements.build
    for spec in reversed(kind):
        parts = spec.split()
        if len(parts) > 1 and parts[0] == name:
            return parts[1]
    return str(output.variant.get(name.replace("-", "_"), ""))


def _requirement_place(uses: Mapping[str, tuple[Use, ...]], name: str) -> Place | None:
    found = uses.get(name.replace("-", "_"), ())
    return next((u.place for u in found if u.how == "requirement"), None)
