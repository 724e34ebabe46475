"""conda_build_config.yaml, flags and CONDA_* variables -> the matrix of variants."""

from cbw_core.variants.combine import Variant, as_list, explode, filtered, zip_groups
from cbw_core.variants.defaults import default_variant, native_compiler
from cbw_core.variants.files import Matrix, flag_variant, load_variants
from cbw_core.variants.given import Chosen, Given, Origins
from cbw_core.variants.lists import Variants
from cbw_core.variants.namespaces import features, namespace
from cbw_core.variants.used import used_in_batch, used_in_shell, used_in_text
from cbw_core.variants.uses import Match, matches_in_script, matches_in_text

__all__ = [
    "Chosen",
    "Given",
    "Match",
    "Matrix",
    "Origins",
    "Variant",
    "Variants",
    "as_list",
    "default_variant",
    "explode",
    "features",
    "filtered",
    "flag_variant",
    "load_variants",
    "matches_in_script",
    "matches_in_text",
    "namespace",
    "native_compiler",
    "used_in_batch",
    "used_in_shell",
    "used_in_text",
    "zip_groups",
]
