"""Flags to Config."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import UsageError
from cbw_workbench.commands.run import read
from cbw_workbench.commands.settings import config_of


def made(line: list[str], config: Config, cwd: Path) -> Config:
    return config_of(read(line, "cli").args, config, cwd)


def test_without_flags_the_config_stays(config: Config, tmp_path: Path) -> None:
    assert made(["debug", "recipe"], config, tmp_path) == config


def test_folders_become_absolute_from_the_callers_folder(config: Config, tmp_path: Path) -> None:
    new = made(["build", "r", "--croot", "c", "--output-folder", "../out", "--cache-dir", "/cache"], config, tmp_path)
    assert new.croot == tmp_path / "c"
    assert new.output_folder == tmp_path.parent / "out"
    assert new.cache == Path("/cache")


def test_channels_in_order_with_local_last_and_folders_absolute(config: Config, tmp_path: Path) -> None:
    new = made(["debug", "r", "-c", "host", "-c", "./mine", "--use-local", "-O"], config, tmp_path)
    assert new.channels == ("host", str(tmp_path / "mine"), "local")
    assert new.override_channels is True


def test_variant_flags_stay_text_and_add_up(config: Config, tmp_path: Path) -> None:
    (tmp_path / "cbc.yaml").write_text("zlib: 1.2\n")
    line = "render r -m cbc.yaml --python 3.11 --python 3.12 --numpy 2.0 --R 4.3 --lua 5.4 --perl 5.26"
    render = made([*line.split(), "--variants", "{zlib: [1.10, 2], x: yes}"], config, tmp_path).render
    assert render.variant_config_files == (str(tmp_path / "cbc.yaml"),)
    assert render.python == ("3.11", "3.12")
    assert (render.numpy, render.r, render.lua, render.perl) == (("2.0",), ("4.3",), ("5.4",), ("5.26",))
    assert render.variants == {"zlib": ["1.10", "2"], "x": "yes"}, "values stay text, as conda-build reads them"


@pytest.mark.parametrize("text", ["[1, 2]", "{a: [", "just text"])
def test_variants_that_are_no_mapping_are_refused(text: str, config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--variants is not"):
        made(["render", "r", "--variants", text], config, tmp_path)


def test_config_file_that_is_not_there_is_refused(config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--variant-config-files: there is no file .*none\.yaml"):
        made(["render", "r", "-m", "none.yaml"], config, tmp_path)


def test_build_flags_reach_the_config(config: Config, tmp_path: Path) -> None:
    line = "build r --package-format 1 --zstd-compression-level 3 --prefix-length 80 --no-activate"
    new = made([*line.split(), "--keep-old-work", "--isolate"], config, tmp_path)
    assert (new.package_format, new.compression_level) == (".tar.bz2", 3)
    assert (new.prefix_length, new.activate, new.isolate) == (80, False, True)


def test_subdir_is_checked(config: Config, tmp_path: Path) -> None:
    assert made(["render", "r", "--subdir", "osx-arm64"], config, tmp_path).render.host_platform == "osx-arm64"
    with pytest.raises(UsageError) as caught:
        made(["render", "r", "--subdir", "linux64"], config, tmp_path)
    assert "'linux-64'" in (caught.value.hint or "")


def test_finalize_is_the_default(config: Config, tmp_path: Path) -> None:
    assert made(["render", "r"], config, tmp_path).render.finalize is True
    assert made(["render", "--no-finalize", "r"], config, tmp_path).render.finalize is False


def test_repodata_fn_other_than_the_usual_is_refused(config: Config, tmp_path: Path) -> None:
    made(["render", "r", "--repodata-fn", "repodata.json"], config, tmp_path)
    with pytest.raises(UsageError, match="repodata-fn"):
        made(["render", "r", "--repodata-fn", "current_repodata.json"], config, tmp_path)
