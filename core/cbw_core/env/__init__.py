"""Environments: channels, solving, installing, what is in a prefix, and activating it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

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

__getattr__ = lazily(
    __name__,
    {
        "activate": ("activation", "activation_steps"),
        "cache": ("CachedPackage", "cached_packages"),
        "channels": ("ChannelRef", "channels_of", "redact"),
        "edited": ("EditedFile", "edited_files"),
        "explicit": ("explicit_text", "read_lock"),
        "installing": ("install",),
        "prefix": ("Changes", "changes", "installed_files", "is_installed", "manifest"),
        "records": ("packages_of",),
        "resolver": ("ChannelResolver",),
        "specs": ("match_spec",),
    },
)
