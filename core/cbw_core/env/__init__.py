"""Environments: channels, solving, installing, what is in a prefix, and activating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.env.activate import activation, activation_steps
    from cbw_core.env.cache import CachedPackage, cached_packages
    from cbw_core.env.channels import ChannelRef, channels_of, redact
    from cbw_core.env.edited import EditedFile, edited_files
    from cbw_core.env.explicit import explicit_text, read_lock
    from cbw_core.env.installing import install
    from cbw_core.env.prefix import Changes, changes, installed_files, is_installed, manifest
    from cbw_core.env.records import packages_of
    from cbw_core.env.resolver import ChannelResolver
    from cbw_core.env.specs import match_spec

__all__ = [
    "CachedPackage",
    "Changes",
    "ChannelRef",
    "ChannelResolver",
    "EditedFile",
    "activation",
    "activation_steps",
    "cached_packages",
    "changes",
    "channels_of",
    "edited_files",
    "explicit_text",
    "install",
    "installed_files",
    "is_installed",
    "manifest",
    "match_spec",
    "packages_of",
    "read_lock",
    "redact",
]

_HOME = {
    "CachedPackage": "cache",
    "Changes": "prefix",
    "ChannelRef": "channels",
    "ChannelResolver": "resolver",
    "EditedFile": "edited",
    "activation": "activate",
    "activation_steps": "activate",
    "cached_packages": "cache",
    "changes": "prefix",
    "channels_of": "channels",
    "edited_files": "edited",
    "explicit_text": "explicit",
    "install": "installing",
    "installed_files": "prefix",
    "is_installed": "prefix",
    "manifest": "prefix",
    "match_spec": "specs",
    "packages_of": "records",
    "read_lock": "explicit",
    "redact": "channels",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
