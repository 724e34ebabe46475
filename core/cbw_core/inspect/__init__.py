"""Looking at what rendering and building leave, without changing it: why a hash, a dependency, a variant is as it is.

The types are cheap to import; reading packages is loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

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

__getattr__ = lazily(
    __name__,
    {
        "comparing": ("compare", "nearest"),
        "environments": (
            "ENVIRONMENTS",
            "Asked",
            "Chain",
            "EnvChange",
            "EnvDiff",
            "EnvPackage",
            "Environment",
            "Needed",
            "Why",
            "asked_of",
            "difference",
            "environment",
            "why",
        ),
        "explaining": ("explain", "variant_matrix"),
        "model": (
            "Comparison",
            "Dependencies",
            "Dependency",
            "Difference",
            "Explained",
            "HashInputs",
            "Hashed",
            "Key",
            "Origin",
            "Pin",
            "Row",
            "StringPart",
            "Variable",
            "VariantMatrix",
        ),
        "packages": ("hash_inputs_of_package",),
        "words": ("given_words", "unused_words", "use_words"),
    },
)
