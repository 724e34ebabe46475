"""The machine's compilers as conda-forge names them: gcc_linux-64, gxx_linux-64, ..., and the runtimes they export."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cbw_core.env.host.activation import Variable, activation_files
from cbw_core.env.host.shim import shim, version_of
from cbw_core.env.host.stage import File, HostPackage

# conda-forge's flags per subdir (the -march part; the rest is common).
_ARCH = {
    "linux-64": ("x86_64", "-march=nocona -mtune=haswell"),
    "linux-aarch64": ("aarch64", ""),
    "linux-ppc64le": ("powerpc64le", "-mcpu=power8 -mtune=power8"),
}
_COMMON = "-ftree-vectorize -fPIC -fstack-protector-strong -fno-plt -O2 -ffunction-sections -pipe"
_DEBUG = "-ftree-vectorize -fPIC -fstack-protector-all -fno-plt -Og -g -Wall -Wextra -fvar-tracking-assignments"
# No build id: conda's compilers write none, and one would change with the path of the build.
_LDFLAGS = (
    "-Wl,--build-id=none -Wl,-O2 -Wl,--sort-common -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,--disable-new-dtags "
    "-Wl,--gc-sections -Wl,--allow-shlib-undefined "
    "-Wl,-rpath,${_cbw_prefix}/lib -Wl,-rpath-link,${_cbw_prefix}/lib -L${_cbw_prefix}/lib"
)
_BINUTILS = (
    "addr2line", "ar", "as", "c++filt", "elfedit", "gprof", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf",
    "size", "strings", "strip",
)  # fmt: skip
_LICENSE = "GPL-3.0-only WITH GCC-exception-3.1"
_NOTE = "Headers and libraries of the system are seen as well, as they are not under conda's own compilers."


@dataclass(frozen=True)
class Toolchain:
    """The compilers found: program name -> path. `gcc` is always there."""

    subdir: str
    glibc: str
    programs: dict[str, str]

    @property
    def triple(self) -> str:
        return f"{_ARCH[self.subdir][0]}-conda-linux-gnu"


def find_programs() -> dict[str, str]:
    """The compilers and binutils of this machine by name, absolute paths; empty without a gcc."""
    names = ("gcc", "cpp", "gcc-ar", "gcc-nm", "gcc-ranlib", "g++", "gfortran", *_BINUTILS)
    found = {name: path for name in names if (path := shutil.which(name))}
    return found if "gcc" in found else {}


def supports(subdir: str) -> bool:
    """Whether compilers can be packed for `subdir`."""
    return subdir in _ARCH


def compiler_packages(toolchain: Toolchain) -> Iterator[HostPackage]:
    """All packages of the toolchain: compilers, binutils, sysroot and runtime libraries."""
    gcc = toolchain.programs["gcc"]
    version = version_of(gcc, "-dumpfullversion") or version_of(gcc, "-dumpversion") or "0"
    yield _sysroot(toolchain)
    binutils = _binutils(toolchain)
    yield binutils
    yield from _runtimes(toolchain, version)
    yield _gcc(toolchain, version, binutils)
    if "g++" in toolchain.programs:
        yield _gxx(toolchain, version)
    if "gfortran" in toolchain.programs:
        yield _gfortran(toolchain, version)


def _sysroot(chain: Toolchain) -> HostPackage:
    return HostPackage(
        name=f"sysroot_{chain.subdir}",
        version=chain.glibc,
        build="0",
        subdir="noarch",
        noarch="generic",
        summary=f"Stands for this machine's C library, glibc {chain.glibc}; it has no files",
        made_from=(f"glibc {chain.glibc}",),
        license="LGPL-2.0-or-later",
        run_exports={"strong": (f"__glibc >={chain.glibc},<3.0.a0",)},
        description=_NOTE,
    )


def _binutils(chain: Toolchain) -> HostPackage:
    found = {name: chain.programs[name] for name in _BINUTILS if name in chain.programs}
    variables = [Variable(_variable(name), f"${{CONDA_PREFIX}}/bin/{chain.triple}-{name}") for name in found]
    version = version_of(found.get("ld", "ld"), "--version") or "0"
    return _package(chain, "binutils", version, tuple(found), variables, ("GPL-3.0-only", ()), {})


def _gcc(chain: Toolchain, version: str, binutils: HostPackage) -> HostPackage:
    own = "${CONDA_PREFIX}/bin/" + chain.triple
    cflags = " ".join(filter(None, (_ARCH[chain.subdir][1], _COMMON)))
    cmake = " ".join(
        f"-DCMAKE_{key}={own}-{tool}"
        for key, tool in (("AR", "ar"), ("RANLIB", "ranlib"), ("STRIP", "strip"), ("LINKER", "ld"))
    )
    variables = [
        *_programs(chain, {"CC": "cc", "GCC": "gcc", "CPP": "cpp", "GCC_AR": "gcc-ar", "GCC_NM": "gcc-nm"}),
        *_programs(chain, {"GCC_RANLIB": "gcc-ranlib", "CC_FOR_BUILD": "cc", "CPP_FOR_BUILD": "cpp"}),
        Variable("CPPFLAGS", "-DNDEBUG -D_FORTIFY_SOURCE=2 -O2 -isystem ${_cbw_prefix}/include", kept=True),
        Variable("CFLAGS", f"{cflags} -isystem ${{_cbw_prefix}}/include${{_cbw_debug_map}}", kept=True),
        Variable("LDFLAGS", _LDFLAGS, kept=True),
        Variable("DEBUG_CPPFLAGS", "-D_DEBUG -D_FORTIFY_SOURCE=2 -Og -isystem ${_cbw_prefix}/include", kept=True),
        Variable("DEBUG_CFLAGS", f"{_DEBUG} -isystem ${{_cbw_prefix}}/include${{_cbw_debug_map}}", kept=True),
        Variable("CMAKE_PREFIX_PATH", "${_cbw_prefix}"),
        Variable("CMAKE_ARGS", f"{cmake} -DCMAKE_BUILD_TYPE=Release${{_cbw_cmake}}"),
        Variable("MESON_ARGS", "-Dbuildtype=release${_cbw_meson}"),
        Variable("PKG_CONFIG_PATH", "${_cbw_prefix}/lib/pkgconfig:${_cbw_prefix}/share/pkgconfig", kept=True),
        Variable("CONDA_BUILD_SYSROOT", "/"),
        *(Variable(name, chain.triple) for name in ("HOST", "BUILD", "CONDA_TOOLCHAIN_HOST", "CONDA_TOOLCHAIN_BUILD")),
        *(Variable(name, chain.triple) for name in ("host_alias", "build_alias")),
    ]
    names = ("gcc", "cpp", "gcc-ar", "gcc-nm", "gcc-ranlib")
    depends = (
        f"binutils_{chain.subdir} {binutils.version}",
        f"sysroot_{chain.subdir} {chain.glibc}",
        f"libgcc {version}",
    )
    exports = {"strong": (f"libgcc >={version.split('.')[0]}",)}
    return _package(chain, "gcc", version, names, variables, (_LICENSE, depends), exports)


def _gxx(chain: Toolchain, version: str) -> HostPackage:
    cxxflags = "-fvisibility-inlines-hidden -fmessage-length=0 " + " ".join(
        filter(None, (_ARCH[chain.subdir][1], _COMMON))
    )
    include = "-isystem ${_cbw_prefix}/include${_cbw_debug_map}"
    variables = [
        *_programs(chain, {"CXX": "c++", "GXX": "g++", "CXX_FOR_BUILD": "c++"}),
        Variable("CXXFLAGS", f"{cxxflags} {include}", kept=True),
        Variable("DEBUG_CXXFLAGS", f"-fvisibility-inlines-hidden -fmessage-length=0 {_DEBUG} {include}", kept=True),
    ]
    major = version.split(".")[0]
    depends = (f"gcc_{chain.subdir} {version}", f"libstdcxx {version}")
    exports = {"strong": (f"libstdcxx >={major}", f"libgcc >={major}")}
    return _package(chain, "gxx", version, ("g++",), variables, (_LICENSE, depends), exports)


def _gfortran(chain: Toolchain, version: str) -> HostPackage:
    flags = "-fopenmp " + " ".join(filter(None, (_ARCH[chain.subdir][1], _COMMON)))
    include = "-isystem ${_cbw_prefix}/include${_cbw_debug_map}"
    names = {"FC": "gfortran", "F77": "gfortran", "F90": "gfortran", "F95": "gfortran", "GFORTRAN": "gfortran"}
    variables = [
        *_programs(chain, {**names, "FC_FOR_BUILD": "gfortran"}),
        *(Variable(name, f"{flags} {include}", kept=True) for name in ("FFLAGS", "FORTRANFLAGS")),
        *(Variable(name, f"{_DEBUG} {include}", kept=True) for name in ("DEBUG_FFLAGS", "DEBUG_FORTRANFLAGS")),
    ]
    major = version.split(".")[0]
    depends = (f"gcc_{chain.subdir} {version}", f"libgfortran {version}")
    exports = {"strong": (f"libgfortran >={major}", f"libgcc >={major}")}
    return _package(chain, "gfortran", version, ("gfortran",), variables, (_LICENSE, depends), exports)


def _package(
    chain: Toolchain,
    name: str,
    version: str,
    programs: tuple[str, ...],
    variables: list[Variable],
    terms: tuple[str, tuple[str, ...]],
    run_exports: Mapping[str, tuple[str, ...]],
) -> HostPackage:
    """A package of shims for `programs` and of the scripts that set `variables`. terms: license and depends."""
    full = f"{name}_{chain.subdir}"
    present = [program for program in programs if program in chain.programs]
    shims = [shim(f"bin/{chain.triple}-{program}", chain.programs[program]) for program in present]
    for program, other in (("gcc", "cc"), ("g++", "c++")):
        if program in present:
            shims.append(shim(f"bin/{chain.triple}-{other}", chain.programs[program]))
    return HostPackage(
        name=full,
        version=version,
        build="0",
        subdir=chain.subdir,
        summary=f"{name} {version} of this machine, set up as conda-forge's {full} is",
        description=_NOTE,
        made_from=tuple(chain.programs[program] for program in present),
        license=terms[0],
        depends=terms[1],
        run_exports=run_exports,
        files=(*shims, *activation_files(full, variables)),
    )


def _programs(chain: Toolchain, names: dict[str, str]) -> list[Variable]:
    """Variables that name a program: those whose program the machine has."""
    real = {"cc": "gcc", "c++": "g++"}
    return [
        Variable(variable, f"${{CONDA_PREFIX}}/bin/{chain.triple}-{program}")
        for variable, program in names.items()
        if real.get(program, program) in chain.programs
    ]


def _variable(program: str) -> str:
    """conda-forge's variable for a program of binutils: `c++filt` is CXXFILT."""
    return program.upper().replace("+", "X").replace("-", "_")


def _runtimes(chain: Toolchain, version: str) -> Iterator[HostPackage]:
    """Copies of the machine's runtime libraries (libgcc, libgomp, libstdcxx, libgfortran), and their older names."""
    kinds = (
        ("libgomp", ("libgomp.so.1",), ()),
        ("libgcc", ("libgcc_s.so.1", "libatomic.so.1", "libquadmath.so.0"), (f"libgomp >={version}",)),
        ("libstdcxx", ("libstdc++.so.6",), (f"libgcc {version}",)),
        ("libgfortran", ("libgfortran.so.5",), (f"libgcc {version}",)),
    )
    for name, sonames, depends in kinds:
        paths = {soname: path for soname in sonames if (path := _library(chain.programs["gcc"], soname))}
        if not paths:
            continue
        yield HostPackage(
            name=name,
            version=version,
            build="0",
            subdir=chain.subdir,
            summary=f"GCC's runtime: {', '.join(paths)} of this machine",
            made_from=tuple(str(path) for path in paths.values()),
            license=_LICENSE,
            depends=(
                *(d for d in depends if not d.startswith("libgomp") or _library(chain.programs["gcc"], "libgomp.so.1")),
                f"__glibc >={chain.glibc}",
            ),
            files=tuple(_library_files(paths)),
        )
        if name in ("libgcc", "libstdcxx"):
            yield HostPackage(
                name=f"{name}-ng",
                version=version,
                build="0",
                subdir=chain.subdir,
                summary=f"The older name of {name}",
                made_from=(),
                license=_LICENSE,
                depends=(f"{name} {version}",),
            )


def _library(gcc: str, soname: str) -> Path | None:
    done = subprocess.run([gcc, f"-print-file-name={soname}"], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip())
    return path.resolve() if path.is_absolute() and path.exists() else None


def _library_files(paths: dict[str, Path]) -> Iterator[File]:
    for soname, path in paths.items():
        yield File(f"lib/{path.name}", path, 0o755)
        if path.name != soname:
            yield File(f"lib/{soname}", link=path.name)
