"""Looking at what rendering and building leave, without changing it: why a hash, a dependency, a variant is as it is.

The types are cheap to import; reading packages is loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.inspect.comparing import compare, nearest
    from cbw_core.inspect.environments import (
        ENVIRONMENTS,
        Asked,
        Chain,
        EnvChange,
        EnvDiff,
        Environment,
        EnvPackage,
        Needed,
        Why,
        asked_of,
        difference,
        environment,
        why,
    )
    from cbw_core.inspect.explaining import explain, variant_matrix
    from cbw_core.inspect.model import (
        Comparison,
        Dependencies,
        Dependency,
        Difference,
        Explained,
        Hashed,
        HashInputs,
        Key,
        Origin,
        Pin,
        Row,
        StringPart,
        Variable,
        VariantMatrix,
    )
    from cbw_core.inspect.packages import hash_inputs_of_package
    from cbw_core.inspect.words import given_words, unused_words, use_words

__all__ = [
    "ENVIRONMENTS",
    "Asked",
    "Chain",
    "Comparison",
    "Dependencies",
    "Dependency",
    "Difference",
    "EnvChange",
    "EnvDiff",
    "EnvPackage",
    "Environment",
    "Explained",
    "HashInputs",
    "Hashed",
    "Key",
    "Needed",
    "Origin",
    "Pin",
    "Row",
    "StringPart",
    "Variable",
    "VariantMatrix",
    "Why",
    "asked_of",
    "compare",
    "difference",
    "environment",
    "explain",
    "given_words",
    "hash_inputs_of_package",
    "nearest",
    "unused_words",
    "use_words",
    "variant_matrix",
    "why",
]

_HOME = {
    **dict.fromkeys(
        ("ENVIRONMENTS", "Asked", "Chain", "EnvChange", "EnvDiff", "Environment", "EnvPackage"), "environments"
    ),
    **dict.fromkeys(("Needed", "Why", "asked_of", "difference", "environment", "why"), "environments"),
    "compare": "comparing",
    "nearest": "comparing",
    "explain": "explaining",
    "variant_matrix": "explaining",
    "hash_inputs_of_package": "packages",
    "given_words": "words",
    "unused_words": "words",
    "use_words": "words",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'model')}"), name)
