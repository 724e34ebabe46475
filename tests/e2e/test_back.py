"""Back to each command of a build, and on again: the package is the one of a straight run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.cli import Cbw

BUILD = """\
set -eu -o pipefail
version=1; parts=(one "two words"); declare -A map=([k]=v)
install() { mkdir -p "$PREFIX/$2"; cp "$1" "$PREFIX/$2/"; }
echo "int x = $version;" > x.c
trap 'rm -f "$SRC_DIR"/scratch' EXIT
install x.c share/src
version=2; export FLAG=new; umask 022
for part in "${parts[@]}"; do echo "$part" >> "$PREFIX/share/parts"; done
pushd "$PREFIX/share" > /dev/null; ln -s parts link; cp -p parts copy; exec 3> log
echo "${map[k]} $version" >&3; sed -i s/one/1/ parts
popd > /dev/null; exec 3>&-; touch -d @1700000000 "$PREFIX/share/copy"; ln "$PREFIX/share/copy" "$PREFIX/share/hard"
echo "$version ${parts[*]} $FLAG $PWD" | sed "s,$SRC_DIR,SRC," > "$PREFIX/share/end"
echo done
"""
META = "package:\n  name: twelve\n  version: '1'\nbuild:\n  number: 0\n"


@pytest.mark.parametrize("when", [pytest.param("commands", marks=pytest.mark.slow), "stops"])
def test_back_to_each_command_and_on_gives_the_package_of_a_straight_run(when: str, cbw: Cbw, tmp_path: Path) -> None:
    recipe, kept = tmp_path / "twelve", tmp_path / "kept"
    recipe.mkdir()
    kept.mkdir()
    (recipe / "meta.yaml").write_text(META)
    (recipe / "build.sh").write_text(BUILD)
    package = tmp_path / "croot" / "linux-64" / "twelve-1-0.conda"
    # twelve commands: bash says nothing of the definition in line 3, which is there with the command behind it
    lines = [n for n in range(1, 14) if n != 3] if when == "commands" else [4, 11]
    steps = [f"snapshots {when}", f"debug {recipe}", "run package", f"!cp {package} {kept}/straight.conda"]
    stops = "".join(f"break {line} --once\n" for line in lines) if when == "stops" else ""
    for line in lines:
        steps += [f"{stops}break 13 --once", "rerun build", *(["continue"] * len(lines) if stops else [])]
        steps += ["assert output echo done", f"back {line}", f"assert output /^> +{line} /"]
        steps += ["continue", "assert build done", "run package", f"!cp {package} {kept}/{line}.conda"]
    script = tmp_path / "back.cbw"
    script.write_text("\n".join(["set -e", *steps, ""]))
    cbw("repl", "--script", script, "-O")
    digests = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept.iterdir()}
    assert set(digests) == {"straight", *map(str, lines)}
    differ = [name for name, digest in digests.items() if digest != digests["straight"]]
    assert not differ, cbw("diff", kept / "straight.conda", kept / f"{differ[0]}.conda", status=None).out
