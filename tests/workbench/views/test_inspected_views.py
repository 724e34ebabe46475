"""Linkages, contents and differences as a person sees them, and as JSON."""

from __future__ import annotations

import io
import json

from rich.console import Console

from cbw_core.errors import Place, UsageError
from cbw_core.inspect.diff import Detail, FieldDiff, FileDiff, PackageDiff, Reason
from cbw_core.inspect.linkages import roots, tree, ways
from cbw_core.inspect.objects import ObjectFile, Objects
from cbw_core.linkage import Change, FileLinkage, Linkages, Need, PackageLinkage, Resolution, Verdict
from cbw_core.objects import Binary, Details, Failure, Needed
from cbw_workbench.commands.results import ContentsReport, DiffReport, LinkageReport
from cbw_workbench.views import draw, errors_of
from cbw_workbench.views.json_form import json_lines

LINE = Change("add", "requirements/run", "- libz", Place("meta.yaml", 7, 5))
FOUND = Linkages(
    "foo.conda",
    "package",
    packages=(
        PackageLinkage(
            "foo-1-0",
            "foo",
            files=(
                FileLinkage(
                    "bin/foo",
                    "foo-1-0",
                    Binary("ELF", "program", "x86_64", needed=(Needed("libz.so.1"), Needed("libc.so.6"))),
                    (
                        Need(
                            Needed("libz.so.1", "", ("ZLIB_1.2.9", "ZLIB_1.2.12")),
                            Resolution("prefix", "lib/libz.so.1", "libz-1.3-0", "DT_RPATH $ORIGIN/../lib"),
                            Verdict("overlinked", "of libz, which is not in requirements/run", (LINE,)),
                        ),
                        Need(Needed("libc.so.6"), Resolution("system", "libc.so.6"), Verdict("system")),
                    ),
                ),
            ),
        ),
    ),
    failures=(Failure("lib/bad.so", "broken", "it is cut off"),),
    remarks=("a remark",),
)


def shown(value: object) -> str:
    stream = io.StringIO()
    Console(file=stream, width=140).print(draw(value))
    return stream.getvalue()


def test_linkages_show_the_finding_its_reason_and_the_line_to_add() -> None:
    text = shown(LinkageReport((FOUND,), show_files=True))
    assert "1 system  1 overlinked" in text and "! a remark" in text and "✗ lib/bad.so: it is cut off" in text
    assert "✗ overlinked  bin/foo needs libz.so.1: of libz, which is not in requirements/run" in text
    assert "add - libz to requirements/run  meta.yaml:7:5" in text
    assert "libz-1.3-0" in text and "ZLIB_1.2.12" in text and "bin/foo  DT_RPATH $ORIGIN/../lib" in text


def test_linkages_by_library_as_a_tree_and_as_a_way() -> None:
    assert "libz.so.1  lib/libz.so.1  overlinked  ZLIB_1.2.12  libz-1.3-0" in shown(
        LinkageReport((FOUND,), "dependency")
    )
    trees = (tuple(tree(FOUND, path) for path in roots(FOUND)),)
    assert "├── ✗ libz.so.1  lib/libz.so.1  libz-1.3-0  overlinked" in shown(LinkageReport((FOUND,), trees=trees))
    way = LinkageReport((FOUND,), asked=("foo", "libz"), ways=ways(FOUND, "foo", "libz"))
    assert "needs libz.so.1  lib/libz.so.1  by DT_RPATH $ORIGIN/../lib" in shown(way)
    assert "does not come to need" in shown(LinkageReport((FOUND,), asked=("foo", "x")))


def test_linkages_as_json_with_the_targets_that_failed() -> None:
    report = LinkageReport((FOUND,), errors=(("gone.conda", UsageError("there is no gone.conda")),))
    found, failed = map(json.loads, json_lines(report))
    assert found["count"] == {"system": 1, "overlinked": 1}
    need = found["packages"][0]["files"][0]["needs"][0]
    assert need["verdict"]["changes"][0] == {
        "action": "add", "field": "requirements/run", "line": "- libz",
        "place": {"file": "meta.yaml", "line": 7, "column": 5, "text": None},
    }  # fmt: skip
    assert failed["subject"] == "gone.conda" and errors_of(report)[0][0] == "gone.conda"


def test_objects_tell_what_they_lack_in_words() -> None:
    details = Details("glibc 2.34", hardening={"PIE": "no", "RELRO": "partial", "NX": "yes"}, exports=("one",))
    file = ObjectFile("bin/foo", 10, Binary("ELF", "program", "x86_64", "", (), ("$ORIGIN",), details=details))
    text = shown(ContentsReport((Objects("foo", (file,)),), symbols=True))
    assert "no PIE, partial RELRO, NX" in text and "rpath $ORIGIN" in text and "└── one" in text
    (plain,) = json_lines(ContentsReport((Objects("foo", (file,)),)))
    assert "exports" not in plain and "hardening" in plain


def test_differences_with_their_reasons() -> None:
    text_file = FileDiff("a.txt", "changed", 3, 5, ("-one", "+two"), (), (Reason("build time", "10:11 here"),))
    code = FileDiff("x.so", "changed", 1, 1, (), (Detail("symbol", "f", None, True), Detail("section", ".text", 4, 8)))
    text = shown(DiffReport((PackageDiff("a", "b", "2 files changed", (text_file, code), (), 10, 12),)))
    assert "because of build time: a.txt: 10:11 here" in text and "SOURCE_DATE_EPOCH" in text
    assert "+ symbol f" in text and "section .text  4 -> 8" in text and "-one" in text
    other = PackageDiff("a", "b", "", (text_file,), (FieldDiff("index.json", "build", "0", "1"),))
    text = shown(DiffReport((other,), brief=True))
    assert "because of" not in text and "index.json: build  0 -> 1" in text and "-one" not in text
