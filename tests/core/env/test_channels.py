from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.env.channels import ChannelRef, bare_url, channels_of, logins, redact
from cbw_core.errors import CbwError, UsageError

ALIAS = "https://conda.anaconda.org"


def config(tmp_path: Path, *channels: str, **changes: object) -> Config:
    return Config.load({"HOME": str(tmp_path)}, channels=channels, **changes)


def found(tmp_path: Path, *channels: str, environ: dict[str, str] | None = None, **changes: object) -> list[ChannelRef]:
    return list(channels_of(config(tmp_path, *channels, **changes), {"HOME": str(tmp_path), **(environ or {})}))


def urls(*args: object, **kwargs: object) -> list[str]:
    return [ref.url for ref in found(*args, **kwargs)]  # type: ignore[arg-type]


def test_names_go_through_the_channel_alias(tmp_path: Path) -> None:
    assert urls(tmp_path, "conda-forge", "bioconda/label/rc") == [
        f"{ALIAS}/conda-forge",
        f"{ALIAS}/bioconda/label/rc",
    ]


def test_the_order_is_the_users(tmp_path: Path) -> None:
    assert [ref.name for ref in found(tmp_path, "b", "a", "b")] == ["b", "a"]


def test_folders_file_urls_and_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path.as_uri()
    assert urls(tmp_path, "/srv/x", "./y", "~/z", f"{home}/f/", "https://example.invalid/c/") == [
        "file:///srv/x", f"{home}/y", f"{home}/z", f"{home}/f", "https://example.invalid/c",
    ]  # fmt: skip


def test_a_subdir_of_a_channel_means_the_channel(tmp_path: Path) -> None:
    assert urls(tmp_path, "/srv/x/linux-64", "https://example.invalid/c/noarch") == [
        "file:///srv/x",
        "https://example.invalid/c",
    ]


def test_local_is_the_folder_of_built_packages(tmp_path: Path) -> None:
    assert found(tmp_path, "local") == [ChannelRef("local", (tmp_path / "conda-bld").as_uri(), "local")]


def test_host_has_no_address_until_it_is_made(tmp_path: Path) -> None:
    assert found(tmp_path, "host") == [ChannelRef("host", "", "host")]


def test_defaults_when_nobody_names_a_channel(tmp_path: Path) -> None:
    assert [(ref.name, ref.url) for ref in found(tmp_path)] == [
        ("defaults", f"{ALIAS}/pkgs/main"),
        ("defaults", f"{ALIAS}/pkgs/r"),
    ]
    assert found(tmp_path, override_channels=True) == []


def test_built_packages_come_first_once_they_are_an_index(tmp_path: Path) -> None:
    folder = tmp_path / "conda-bld" / "noarch"
    folder.mkdir(parents=True)
    assert [ref.kind for ref in found(tmp_path, "a")] == ["name"]
    (folder / "repodata.json").write_text("{}")
    assert [ref.kind for ref in found(tmp_path, "a")] == ["output", "name"]
    assert [ref.kind for ref in found(tmp_path, "a", "local")] == ["name", "local"]


def test_condarc_adds_its_channels_behind_those_of_the_command(tmp_path: Path) -> None:
    (tmp_path / ".condarc").write_text("channels: [one, two]\nchannel_alias: https://example.invalid/\n")
    assert urls(tmp_path, "zero", "one") == [f"https://example.invalid/{name}" for name in ("zero", "one", "two")]
    assert urls(tmp_path, "zero", override_channels=True) == ["https://example.invalid/zero"]


def test_condarc_says_what_defaults_and_custom_channels_are(tmp_path: Path) -> None:
    (tmp_path / "rc").write_text(
        "channels: [defaults, inner, team]\n"
        "default_channels: ['https://example.invalid/main', /srv/more]\n"
        "custom_channels: {inner: 'https://inner.invalid/conda'}\n"
        "custom_multichannels: {team: [inner, other]}\n"
    )
    refs = found(tmp_path, environ={"CONDARC": str(tmp_path / "rc")})
    assert [(ref.name, ref.url) for ref in refs] == [
        ("defaults", "https://example.invalid/main"),
        ("defaults", "file:///srv/more"),
        ("inner", "https://inner.invalid/conda/inner"),
        ("team", f"{ALIAS}/other"),
    ]


def test_conda_channels_in_the_environment(tmp_path: Path) -> None:
    environ = {"CONDA_CHANNELS": "a, b", "CONDA_CHANNEL_ALIAS": "https://example.invalid"}
    assert urls(tmp_path, environ=environ) == ["https://example.invalid/a", "https://example.invalid/b"]


@pytest.mark.parametrize(
    ("text", "line"), [("channels: [a\n", None), ("- a\n", None), ("channels: {a: b}\n", None), ("a: b\n c: d\n", 2)]
)
def test_a_condarc_that_cannot_be_read_is_named(tmp_path: Path, text: str, line: int | None) -> None:
    (tmp_path / ".condarc").write_text(text)
    with pytest.raises(UsageError) as caught:
        found(tmp_path)
    assert caught.value.place is not None
    assert caught.value.place.file == str(tmp_path / ".condarc")
    assert line is None or caught.value.place.line == line


@pytest.mark.parametrize("text", ["s3://bucket/c", "a b", "oci://x/y", "-c"])
def test_what_is_no_channel_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(CbwError) as caught:
        found(tmp_path, text)
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("written", "url", "login"),
    [
        (
            "https://me:se%20cret@example.invalid/c",
            "https://example.invalid/c",
            {"BasicHTTP": {"username": "me", "password": "se cret"}},
        ),
        ("https://example.invalid/t/se-cret/c/label/x", "https://example.invalid/c/label/x", {"CondaToken": "se-cret"}),
    ],
)
def test_credentials_leave_the_url_and_are_never_shown(tmp_path: Path, written: str, url: str, login: object) -> None:
    (ref,) = found(tmp_path, written)
    assert ref.url == url
    assert ref.name == url
    assert "cret" not in repr(ref)
    assert logins([ref]) == {"example.invalid": login}


def test_two_logins_for_one_server_are_refused_without_showing_them(tmp_path: Path) -> None:
    refs = found(tmp_path, "https://a:secret@example.invalid/c", "https://b:secret@example.invalid/d")
    with pytest.raises(UsageError, match="two different logins") as caught:
        logins(refs)
    assert "secret" not in str(caught.value.to_json())


def test_an_alias_with_a_token_logs_in_too(tmp_path: Path) -> None:
    (ref,) = found(tmp_path, "c", environ={"CONDA_CHANNEL_ALIAS": "https://example.invalid/t/tok"})
    assert (ref.url, ref.credentials) == ("https://example.invalid/c", "token:tok")


def test_logins_and_tokens_are_cut_out_of_texts_and_urls() -> None:
    assert redact("see https://u:p@h/c and https://h/t/tk-1/c: 404") == "see https://***@h/c and https://h/t/***/c: 404"
    assert bare_url("https://h/x/t/y/") == "https://h/x/t/y"
    assert [f.name for f in dataclasses.fields(ChannelRef) if not f.repr] == ["credentials"]
