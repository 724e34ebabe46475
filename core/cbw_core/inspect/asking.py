"""Whether a line of a recipe's requirements asks for a package, and where in it."""

from __future__ import annotations

import re

from cbw_core.render.output import Output

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_LEAD = re.compile(r"(?:\s*-\s+|\s*[\w-]+\s*:(?=\s|$))*")  # what stands before an item: dashes, its list's key
_TEMPLATE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TEMPLATED = re.compile(r"\s*([\w.-]*\{\{[^}]*\}\}[\w.-]*)(?=\s|$)")
_FUNCTION = re.compile(r"\b(compiler|stdlib|cdt)\s*\(\s*['\"]([\w+-]+)['\"]")
# what compiler('c') and the others are where the variant does not say it (conda_build.jinja_context.native_compiler)
_COMPILERS = {"c_compiler": "gcc", "cxx_compiler": "gxx", "fortran_compiler": "gfortran"}


def asks(output: Output, line: str, name: str) -> bool:
    """Whether a line, or an item alone, asks for the package `name`: by its name, in brackets, quotes or a function, as
    a variable of the variant, or as a compiler or its like."""
    if word_in(line, name) is not None:
        return True
    rendered = _TEMPLATE.sub(lambda found: str(output.variant.get(found[1], found[0])), line)
    if word_in(rendered, name) is not None:
        return True
    called = _FUNCTION.findall(_COMMENT.sub("", line))
    return any(_is_made(output, function, language, name) for function, language in called)


def word_in(line: str, name: str) -> tuple[int, int] | None:
    """(begin, end) of a package's name in a line, however its dashes are written, or of a name with a template in it
    (`gcc_{{ target_platform }}`); None where the line does not say it."""
    bare = _COMMENT.sub("", line)
    lead = _LEAD.match(bare)
    begin = lead.end() if lead else 0
    spelt = "".join("[-_]" if letter in "-_" else re.escape(letter) for letter in name) or "(?!)"
    found = re.compile(rf"(?<![\w.-]){spelt}(?![\w.-])", re.I).search(bare, begin)
    if found:
        return found.span()
    templated = _TEMPLATED.match(bare, begin)
    if templated and not _FUNCTION.search(bare):
        literal = [re.escape(part) for part in re.split(r"\{\{[^}]*\}\}", templated[1])]
        if any(literal) and re.fullmatch(".+".join(literal), name, re.I):
            return templated.span(1)
    return None


def _is_made(output: Output, function: str, language: str, name: str) -> bool:
    """Whether compiler('c'), stdlib('c') or cdt('c') comes to a package (conda_build.jinja_context)."""
    if function == "cdt":
        return name.startswith(f"{language}-")
    key = f"{language}_{function}"
    made = output.variant.get(key) or _COMPILERS.get(key)
    plain = (f"{language}_{output.host_subdir}", f"sysroot_{output.host_subdir}")
    return (made is not None and name.startswith(f"{made}_")) or name in plain
