from __future__ import annotations

from cbw_core.env.virtual import virtual_packages

HERE = [("__unix", "0", "0"), ("__linux", "6.1", "0"), ("__glibc", "2.36", "0"), ("__archspec", "1", "x86_64_v4")]


def names(platform: str, environ: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    found = virtual_packages(HERE, "linux-64", platform, environ or {})
    return {name: (version, build) for name, version, build in found}


def test_the_native_platform_has_what_was_detected() -> None:
    assert virtual_packages(HERE, "linux-64", "linux-64", {}) == tuple(sorted(HERE))


def test_another_architecture_keeps_the_system_and_names_its_own_processor() -> None:
    found = names("linux-aarch64")
    assert found["__glibc"] == ("2.36", "0")
    assert found["__archspec"] == ("1", "aarch64")


def test_another_system_has_its_own_names_and_no_versions() -> None:
    assert names("osx-64") == {"__unix": ("0", "0"), "__osx": ("0", "0"), "__archspec": ("1", "x86_64")}
    assert names("win-64") == {"__win": ("0", "0"), "__archspec": ("1", "x86_64")}


def test_linux_on_a_mac_has_no_version_of_its_libc() -> None:
    found = {n for n, _, _ in virtual_packages([("__unix", "0", "0"), ("__osx", "14", "0")], "osx-64", "linux-64", {})}
    assert found == {"__unix", "__linux", "__archspec"}


def test_overrides_set_and_take_away() -> None:
    found = names(
        "linux-64", {"CONDA_OVERRIDE_GLIBC": "2.17", "CONDA_OVERRIDE_CUDA": "12.4", "CONDA_OVERRIDE_LINUX": ""}
    )
    assert found["__glibc"] == ("2.17", "0")
    assert found["__cuda"] == ("12.4", "0")
    assert "__linux" not in found
    assert names("osx-64", {"CONDA_OVERRIDE_OSX": "13.0"})["__osx"] == ("13.0", "0")
    assert "__archspec" not in names("linux-64", {"CONDA_OVERRIDE_ARCHSPEC": ""})
    assert names("linux-64", {"CONDA_OVERRIDE_ARCHSPEC": "zen4"})["__archspec"] == ("1", "zen4")


def test_overrides_of_another_system_are_not_ours() -> None:
    found = names("linux-64", {"CONDA_OVERRIDE_OSX": "13.0", "CONDA_OVERRIDE_WIN": "10"})
    assert found.keys() == {"__unix", "__linux", "__glibc", "__archspec"}
