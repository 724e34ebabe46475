"""Rendering with a resolver: run_exports, pins and outputs in each other's environments, over a table of packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import EnvironmentFailure, RecipeError
from cbw_core.render import Output
from core.render.rendering_help import TableResolver, render


def package(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "build": "0", "subdir": "linux-64", **more}


TABLE = [
    package("gcc_linux-64", "13.3", run_exports={"strong": ["libgcc >=13"], "strong_constrains": ["old <1"]}),
    package("libgcc", "13.3"),
    package("zlib", "1.2.11", run_exports={"weak": ["zlib >=1.2.11,<1.3.0a0"]}),
    package("zlib", "1.2.13", run_exports={"weak": ["zlib >=1.2.13,<1.3.0a0"]}),
    package("png", "1.6", depends=["zlib >=1.2.13"], run_exports={"weak": ["png >=1.6,<2"], "noarch": ["png-noarch"]}),
    package("python", "3.11.10", run_exports={"noarch": ["python"]}),
]
HEAD = "package:\n  name: a\n  version: 1\n"


def final(folder: Path, text: str, **options: Any) -> Output:
    (output,) = render(folder, text, resolver=TableResolver(TABLE), **options).outputs
    return output


def test_strong_exports_reach_host_and_run_weak_ones_run(tmp_path: Path) -> None:
    output = final(tmp_path, HEAD + "requirements:\n  build:\n    - {{ compiler('c') }}\n  host:\n    - png\n")
    reqs = output.requirements
    assert reqs.build == ("gcc_linux-64 13.3 0",)
    assert reqs.host == ("libgcc 13.3 0", "png 1.6 0", "zlib 1.2.13 0")
    assert reqs.run == ("libgcc >=13", "png >=1.6,<2"), "zlib is no requirement of the recipe's own"
    assert reqs.run_constrained == ("old <1",)
    assert output.final and [p.name for p in output.solved["host"]] == ["libgcc", "png", "zlib"]


def test_exports_can_be_ignored_by_spec_and_by_package(tmp_path: Path) -> None:
    reqs = "requirements:\n  host:\n    - png\n    - zlib\n"
    by_spec = final(tmp_path, HEAD + "build:\n  ignore_run_exports:\n    - png\n" + reqs)
    assert by_spec.requirements.run == ("zlib >=1.2.13,<1.3.0a0",)
    by_package = final(tmp_path, HEAD + "build:\n  ignore_run_exports_from:\n    - zlib\n" + reqs)
    assert by_package.requirements.run == ("png >=1.6,<2",)


def test_noarch_packages_take_noarch_exports_alone(tmp_path: Path) -> None:
    output = final(tmp_path, HEAD + "build:\n  noarch: generic\nrequirements:\n  host:\n    - png\n    - zlib\n")
    assert output.requirements.run == ("png-noarch",)


def test_python_is_pinned_as_it_is_built_with(tmp_path: Path) -> None:
    output = final(tmp_path, HEAD + "requirements:\n  host:\n    - python\n  run:\n    - python\n")
    assert output.requirements.host == ("python 3.11.10 0",)
    assert output.requirements.run == ("python >=3.11,<3.12.0a0",)
    assert output.build_string == "py311_0"


@pytest.mark.parametrize(
    ("call", "spec"),
    [
        ("pin_compatible('zlib')", "zlib >=1.2.13,<2.0a0"),
        ("pin_compatible('zlib', max_pin='x.x')", "zlib >=1.2.13,<1.3.0a0"),
        ("pin_compatible('zlib', min_pin='x.x', max_pin=None)", "zlib >=1.2"),
        ("pin_compatible('zlib', lower_bound='1.0')", "zlib >=1.0,<2.0a0"),
        ("pin_compatible('zlib', upper_bound='1.9')", "zlib >=1.2.13,<1.9"),
        ("pin_compatible('zlib', exact=True)", "zlib 1.2.13 0"),
    ],
)
def test_pin_compatible_pins_on_the_solved_host(tmp_path: Path, call: str, spec: str) -> None:
    ignore = "build:\n  ignore_run_exports:\n    - '*'\n"
    text = f"{HEAD}{ignore}requirements:\n  host:\n    - zlib\n  run:\n    - {{{{ {call} }}}}\n"
    assert final(tmp_path, text).requirements.run == (spec,)


def test_pin_compatible_on_what_is_not_there_is_told(tmp_path: Path) -> None:
    text = HEAD + 'requirements:\n  host:\n    - zlib\n  run:\n    - {{ pin_compatible("png") }}\n'
    with pytest.raises(RecipeError, match="png is not in the host environment") as caught:
        final(tmp_path, text)
    assert caught.value.place and caught.value.place.line


def test_outputs_pin_each_other_exactly_and_share_environments(tmp_path: Path) -> None:
    text = (
        "package:\n  name: top\n  version: 2\noutputs:\n"
        "  - name: user\n    requirements:\n      host:\n        - {{ pin_subpackage('base', exact=True) }}\n"
        "      run:\n        - {{ pin_subpackage('base', exact=True) }}\n"
        "  - name: base\n    requirements:\n      build:\n        - {{ compiler('c') }}\n      run:\n        - zlib\n"
    )
    resolver = TableResolver(TABLE)
    base, user = render(tmp_path, text, resolver=resolver).outputs
    assert (base.name, user.name) == ("base", "user")
    exact = f"base 2 {base.build_string}"
    assert base.build_string.startswith("h") and base.requirements.run == ("libgcc >=13", "zlib")
    assert exact in user.requirements.host and user.requirements.run == (exact,)
    assert user.siblings == (base.dist,)
    host = {p.name: p for p in user.solved["host"]}
    assert set(host) == {"base", "libgcc", "zlib"}, "what an output needs to run is there, too"
    assert host["base"].dist == base.dist and not host["base"].url
    assert any(siblings == (base.dist,) for *_, siblings in resolver.asked)


def test_undefined_names_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="'one', 'two' are undefined") as caught:
        final(tmp_path, HEAD + "build:\n  string: {{ one }}\nabout:\n  home: {{ two }}\n")
    assert caught.value.place and caught.value.place.line == 5
    assert caught.value.details and ":7:" in caught.value.details


def test_an_environment_without_a_solution_is_told_and_the_output_is_not_final(tmp_path: Path) -> None:
    rendered = render(tmp_path, HEAD + "requirements:\n  host:\n    - nowhere\n", resolver=TableResolver(TABLE))
    (output,) = rendered.outputs
    assert not output.final and "nowhere" in output.unsatisfied["host"]
    assert output.requirements.host == ("nowhere",)
    assert any("nowhere" in w for w in rendered.warnings)


def test_other_failures_of_the_resolver_end_rendering(tmp_path: Path) -> None:
    class Broken(TableResolver):
        def solve(self, *args: Any, **kwargs: Any) -> Any:
            raise EnvironmentFailure("no network", kind="network")

    with pytest.raises(EnvironmentFailure, match="no network"):
        render(tmp_path, HEAD + "requirements:\n  host:\n    - zlib\n", resolver=Broken(TABLE))


def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    resolver = TableResolver(TABLE)
    outputs = "outputs:\n" + "".join(f"  - name: o{n}\n    requirements:\n      host:\n        - zlib\n" for n in "123")
    assert len(render(tmp_path, HEAD + outputs, resolver=resolver).outputs) == 3
    assert [specs for specs, *_ in resolver.asked] == [("zlib",), ("zlib 1.2.13 0",)]


def test_without_finalizing_nothing_is_asked(tmp_path: Path) -> None:
    resolver = TableResolver(TABLE)
    (output,) = render(
        tmp_path, HEAD + "requirements:\n  host:\n    - zlib\n", resolver=resolver, finalize=False
    ).outputs
    assert resolver.asked == [] and output.requirements.host == ("zlib",) and not output.final
