"""zlib and libpng from Debian's sources: built as a chain, installed with py-rattler alone, used, moved, used again."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.cli import Cbw
from support.installing import host_channel_of, install
from support.paths import EXAMPLES

HOST = ("--override-channels", "-c", "host")
PROGRAM = r"""
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int main(int argc, char **argv) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (argc < 2 || !png_image_begin_read_from_file(&image, argv[1])) return 1;
    image.format = PNG_FORMAT_GRAY;
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, NULL, pixels, 0, NULL)) return 2;
    unsigned long sum = crc32(0L, pixels, image.width * image.height);
    printf("%ux%u %08lx png %s zlib %s\n", image.width, image.height, sum, png_libpng_ver, zlibVersion());
    return strcmp(zlibVersion(), ZLIB_VERSION) != 0;
}
""".replace("png_libpng_ver", "png_get_libpng_ver(NULL)")


@pytest.fixture(scope="module")
def debian_sources() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "debian.py")], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"Debian's sources cannot be had here: {done.stderr.strip()}")


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def write_png(file: Path, width: int, rows: list[bytes]) -> None:
    """An 8-bit grey picture, written without any of the libraries under test."""
    header = width.to_bytes(4, "big") + len(rows).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def said(*argv: object, env: Mapping[str, str]) -> str:
    done = subprocess.run([str(a) for a in argv], env=dict(env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def libraries(program: Path, env: Mapping[str, str]) -> set[str]:
    """The files that a program's libraries are taken from."""
    lines = said("ldd", program, env=env).splitlines()
    return {os.path.normpath(line.split(" => ")[1].split(" (")[0]) for line in lines if " => " in line}


@pytest.mark.slow
@pytest.mark.timeout(900)  # two libraries are configured and compiled
@pytest.mark.usefixtures("debian_sources")
def test_zlib_and_libpng_are_built_in_order_installed_and_moved(
    cbw: Cbw, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, world: Mapping[str, str]
) -> None:
    # given the wrong way round
    made = cbw("build", "--json", *HOST, EXAMPLES / "libpng", EXAMPLES / "zlib", timeout=800).json()
    packages = [Path(path) for path in made["packages"]]
    assert [p.name.partition("-")[0] for p in packages] == ["zlib", "libpng"]

    prefix = tmp_path_factory.mktemp("p")
    install(packages[1], prefix, [(tmp_path / "croot").as_uri(), host_channel_of(Path(world["CBW_CACHE"]))])
    assert (prefix / "lib/libz.so.1").exists() and (prefix / "lib/libpng16.so.16").exists()
    picture = tmp_path / "grey.png"
    rows = [bytes((x * y) % 251 for x in range(37)) for y in range(23)]
    write_png(picture, 37, rows)
    (tmp_path / "main.c").write_text(PROGRAM)

    environ = {"PATH": f"{prefix}/bin:/usr/bin:/bin"}
    config = prefix / "bin/libpng16-config"
    assert said(config, "--prefix", env=environ) == str(prefix)
    flags = said(config, "--cflags", "--ldflags", env=environ).split()
    program = prefix / "bin/readpng"
    # found by where it lies, as packages' own programs are
    rpath = "-Wl,-rpath,$ORIGIN/../lib"
    said("gcc", tmp_path / "main.c", "-o", program, *flags, "-lz", rpath, env=environ)
    expected = f"37x23 {zlib.crc32(b''.join(rows)):08x} png"
    first = said(program, picture, env=environ)
    assert first.startswith(expected)
    assert str(prefix / "lib/libpng16.so.16") in libraries(program, environ)

    moved = prefix.rename(prefix.with_name("moved-to-a-folder-of-another-length"))
    environ = {"PATH": f"{moved}/bin:/usr/bin:/bin"}
    assert said(moved / "bin/readpng", picture, env=environ) == first
    linked = libraries(moved / "bin/readpng", environ)
    assert str(moved / "lib/libpng16.so.16") in linked and str(moved / "lib/libz.so.1") in linked
    done = subprocess.run(
        [str(moved / "bin/png-fix-itxt")], input=picture.read_bytes(), env=environ, capture_output=True, check=True
    )
    assert done.stdout.startswith(b"\x89PNG")
