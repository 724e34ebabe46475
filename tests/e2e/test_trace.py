"""A recipe's build recorded: what its lines took, and which one made a file."""

from __future__ import annotations

from pathlib import Path

from support.cli import Cbw

BUILD = """\
install_text() {
  sleep 0.01
  sleep 0.1; cp text.txt "$PREFIX/share/traced/"; sleep 0.1
}
mkdir -p $PREFIX/share/traced
echo text > text.txt
sleep 0.3
install_text
"""


def test_trace_then_timeline_and_blame(cbw: Cbw, tmp_path: Path) -> None:
    recipe = tmp_path / "traced"
    recipe.mkdir()
    (recipe / "meta.yaml").write_text("package: {name: traced, version: '1'}\nbuild: {noarch: generic}\n")
    (recipe / "build.sh").write_text(BUILD)
    none = cbw("inspect", "timeline", recipe, status=None)
    assert none.status != 0
    ran = cbw("trace", recipe, "-O", "--no-test", "--json").json()
    (recorded,) = ran["recorded"]
    assert ran["packages"][0].endswith(("traced-1-0.tar.bz2", "traced-1-0.conda"))
    assert [row["line"] for row in recorded["timeline"]["commands"] if row["line"]] == [5, 6, 7, 8]
    assert recorded["slowest"][0]["line"] == 7
    assert recorded["timeline"]["status"] == 0

    (made,) = cbw("inspect", "blame", "share/traced/text.txt", "--json").json()["files"]
    assert (made["path"], made["line"], made["sure"]) == ("$PREFIX/share/traced/text.txt", 3, True)
    (own,) = cbw("inspect", "blame", "$SRC_DIR/text.txt", "--json").json()["files"]
    assert own["line"] == 6
    assert "share/traced/text.txt" in cbw("inspect", "blame").out
    missing = cbw("inspect", "blame", "lib/none", status=2)
    assert "made no file lib/none" in missing.err

    first = recorded["session"]
    (recipe / "build.sh").write_text(BUILD.replace("sleep 0.3", "sleep 0.01") + "exit 3\n")
    cbw("trace", recipe, "-O", "--no-test", status=1)
    text = cbw("inspect", "timeline").out
    assert "failed with status 3" in text and "slowest lines" in text
    found = cbw("inspect", "timeline", first, "--diff", recipe, "--json").json()
    changed = {(p["before"] or {}).get("command"): (p["after"] or {}).get("command") for p in found["commands"]}
    assert changed["sleep 0.3"] is None and changed["install_text"] == "install_text"
    assert "install_text" in cbw("inspect", "timeline", first, "--diff", recipe).out
    cbw("rerun", "build", status=1)
    assert "was not recorded" in cbw("inspect", "timeline", status=2).err


def test_the_script_above_the_outputs_is_told_too(cbw: Cbw, tmp_path: Path) -> None:
    recipe = tmp_path / "two"
    recipe.mkdir()
    (recipe / "meta.yaml").write_text(
        "package: {name: two, version: '1'}\nbuild: {noarch: generic}\n"
        "outputs:\n  - name: two-a\n    script: a.sh\n    build: {noarch: generic}\n"
    )
    (recipe / "build.sh").write_text("sleep 0.02\n")
    (recipe / "a.sh").write_text("true\nmkdir -p $PREFIX/share; echo a > $PREFIX/share/a\n")
    ran = cbw("trace", recipe, "-O", "--no-test", "--json").json()
    assert [row["timeline"]["name"] for row in ran["recorded"]] == ["build.sh", "a.sh"]
