"""Recipes that would run code, write a file, or never end, and what each is refused as."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "package:\n  name: a\n  version: '1'\n"
# written by none of them
CANARY = "canary"


@dataclass(frozen=True)
class Case:
    """files: name -> text, or bytes. kind: of the error. line: of its place, None where it has none."""

    files: dict[str, str | bytes]
    kind: str
    line: int | None
    file: str = "meta.yaml"
    links: dict[str, str] = field(default_factory=dict)
    pipes: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            data = content.replace("CANARY", str(folder.parent / CANARY)) if isinstance(content, str) else content
            (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        for name in self.pipes:
            os.mkfifo(folder / name)
        return folder


def selector(expression: str) -> Case:
    return Case({"meta.yaml": f"{PACKAGE}build:\n  skip: true  # [{expression}]\n"}, "selector", 5)


def expression(text: str) -> Case:
    return Case({"meta.yaml": f"{PACKAGE}about:\n  summary: '{{{{ {text} }}}}'\n"}, "jinja", 5)


def template(text: str, /, kind: str = "jinja", **files: str) -> Case:
    return Case({"meta.yaml": f"{PACKAGE}{text}\n", **files}, kind, 4)


def setup_py(code: str) -> Case:
    text = "{% set data = load_setup_py_data(from_recipe_dir=True) %}\n" + PACKAGE
    return Case({"meta.yaml": text, "setup.py": code}, "jinja", 1)


def config(text: str, kind: str, line: int | None) -> Case:
    return Case(
        {"meta.yaml": PACKAGE, "conda_build_config.yaml": text},
        kind,
        line,
        "conda_build_config.yaml" if line else "",
    )


def doubling(first: str, step: str, then: str = "") -> Case:
    """Doubles ns.x sixty times."""
    return template(f"{{% set ns = namespace(x={first}) %}}{{% for i in range(60) %}}{step}{{% endfor %}}{then}")


_BOMB = "a: &a ['x','x','x','x','x','x','x','x','x'] \n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} \n" + f"  - *{chr(97 + i)}\n" * 9 for i in range(9)
)

SELECTORS = {
    "code": "__import__('os').system('touch CANARY')",
    "eval": "eval('1')",
    "lambda": "(lambda: 1)()",
    "attributes": "''.__class__.__mro__",
    "a comprehension": "len({x for x in environ})",
    "a generator": "','.join(str(py) for x in range(10**9))",
    "an assignment": "(x := 1)",
    "a power": "9**9**9",
    "a long text": "'a'*10**9",
    "a width": "'%999999999d' % 1",
    "growth": "'a'" + ".replace('a', 'aaaaaaaaaa')" * 400,
    "depth": "-" * 9000 + "1",
    "parentheses": "(" * 9000 + "1" + ")" * 9000,
}
EXPRESSIONS = {
    "class": '"".__class__.__mro__[1].__subclasses__()',
    "attr": '""|attr("__class__")',
    "map": '[""]|map(attribute="__class__")|list',
    "format": '"{0.__class__}".format(1)',
    "format_map": '"{a.__class__}".format_map({"a": 1})',
    "environ": "environ.__class__",
    "os": "os.environ.__class__.__init__.__globals__",
    "cycler": 'cycler.__init__.__globals__.os.popen("touch CANARY")',
    "joiner": "joiner.__init__.__globals__",
    "namespace": "namespace.__init__.__globals__",
    "a function": "compiler.__globals__",
    "a closure": "pin_subpackage.__closure__",
    "self": "self._TemplateReference__context",
    "subclasses": "datetime.datetime.__subclasses__()",
    "range": "range(10**9)|list",
    "a repeated text": '"a" * 10**9',
    "a repeated list": "1000000000 * [1]",
    "center": '"a"|center(1000000000)',
    "center method": '"a".center(10**9)',
    "center by map": '["a"]|map("center", 10**9)|list',
    "a power": "(9**900)**1000",
    "round": '1.5|round(10**9, "ceil")',
    "indent": '"a\\n"|indent(10**9)',
    "zfill": '"1".zfill(10**9)',
    "expandtabs": '"\\t".expandtabs(10**9)',
    "bytes": '(1).to_bytes(10**9, "big")',
    "translate": '("a" * 10000).translate({97: "b" * 100000})',
    "join": '("a" * 100000).join("b" * 100000)',
    "replace": '("a" * 10000).replace("a", "b" * 10000)',
    "a width": '"%999999999d" % 1',
    "a width by value": '"%*d" % (10**9, 1)',
    "a format's width": '"{:999999999}".format(1)',
    "a format's width by value": '"{:{}}".format("a", 10**9)',
    "a format's fields": '("{0}" * 50000).format("a" * 100000)',
    "strftime": 'time.strftime("%999999999d")',
    "batch": '[1]|batch(10**9, "x")|list',
    "slice": "[1]|slice(10**9)|list",
    "tojson": '{"a": [1, 2]}|tojson(10**8)',
    "punycode": '("e" * 100000).encode("punycode")',
    "lists summed": "([[1]] * 9000)|sum(start=[])",
    "a macro's number": "range(10**9)[5]",
    "json": 'load_str_data("[" * 100000, "json")',
    "toml": 'load_str_data("a=" ~ "[" * 50000, "toml")',
    "yaml": 'load_str_data("[" * 100000, "yaml")',
    "a yaml tag": 'load_str_data("!!python/object/apply:os.system [touch CANARY]", "yaml")',
    "division": "1 / 0",
}
TEMPLATES = {
    "a long loop": "{% for i in range(10**9) %}{% endfor %}",
    "loops in loops": "{% for i in range(50000) %}{% for j in range(50000) %}{% endfor %}{% endfor %}",
    "a loop of much": "{% for i in range(40000) %}" + "{% if i %}{% endif %}" * 900 + "{% endfor %}",
    "a macro in itself": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "macros": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "a loop in itself": "{% for a in [1] recursive %}{{ loop([1]) }}{{ loop([1]) }}{% endfor %}",
    "a block in itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "included in itself": "{% include 'meta.yaml' %}{% include 'meta.yaml' %}",
    "imported in itself": "{% import 'meta.yaml' as m %}",
    "extends itself": "{% extends 'meta.yaml' %}",
    "a list in itself": "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}{{ l == l }}",
    "a list extended": "{% set l = [1, 2] %}{% for i in range(99) %}{% set _ = l.extend(l) %}{% endfor %}",
    "compared": "{% set a, b = 'a' * 99999, 'a' * 99999 %}{% for i in range(49999) if a == b %}{% endfor %}",
    "parentheses": "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
    "a long sum": "{{ 1" + " + 1" * 2000 + " }}",
    "calls": "{{ dict" + "()" * 5000 + " }}",
    "a file outside": "{% include '../../../../../etc/passwd' %}",
    "a path": "{% include '/etc/passwd' %}",
    "no file": "{% include 'nothing.yaml' %}",
    "not ended": "{% if 1 %}",
    "no statement": "{% frobnicate %}",
}
DOUBLING = {
    "~": doubling("'aa'", "{% set ns.x = ns.x ~ ns.x %}"),
    "+": doubling("'aa'", "{% set ns.x = ns.x + ns.x %}"),
    "set": doubling("'aa'", "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}"),
    "filter": doubling("'aa'", "{% set ns.x %}{% filter upper %}{{ ns.x }}{{ ns.x }}{% endfilter %}{% endset %}"),
    "list": doubling("[1]", "{% set ns.x = [ns.x, ns.x] %}", "{{ ns.x }}"),
    "tuple": doubling("[1]", "{% set ns.x = ns.x, ns.x %}", "{{ ns.x }}"),
    "dict": doubling("1", "{% set ns.x = {'a': ns.x, 'b': ns.x} %}", "{{ ns.x }}"),
    "view": doubling("1", "{% set ns.x = {'a': ns.x, 'b': ns.x}.values() %}", "{{ ns.x }}"),
    "namespace": doubling("1", "{% set ns.x = namespace(a=ns.x, b=ns.x) %}", "{{ ns.x }}"),
    "append": doubling("1", "{% set l = [] %}{% set _ = l.append(ns.x), l.append(ns.x) %}{% set ns.x = l %}"),
    "macro": template(
        "{% macro d(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='aa') %}"
        "{% for i in range(60) %}{% set ns.x = d(ns.x) %}{% endfor %}"
    ),
}
TEXTS = {
    "a bomb": Case({"meta.yaml": _BOMB + PACKAGE}, "yaml", 54),
    "brackets": Case({"meta.yaml": PACKAGE + "extra: " + "[" * 9000 + "]" * 9000 + "\n"}, "yaml", 4),
    "brackets of many lines": Case({"meta.yaml": PACKAGE + "extra:\n  " + "[\n  " * 60000}, "yaml", 65),
    "braces": Case({"meta.yaml": PACKAGE + "extra: " + "{a: " * 3000 + "}" * 3000 + "\n"}, "yaml", 4),
    "mappings": Case({"meta.yaml": PACKAGE + "".join(" " * i + "a:\n" for i in range(400))}, "yaml", 64),
    "a tag": Case({"meta.yaml": "a: !!python/object/apply:os.system ['touch CANARY'] \n" + PACKAGE}, "yaml", 1),
    "a tag's name": Case({"meta.yaml": PACKAGE + "a: !!python/name:os.system\n"}, "yaml", 4),
    "an alias": Case({"meta.yaml": PACKAGE + "a: *nope\n"}, "yaml", 4),
    "NUL": Case({"meta.yaml": PACKAGE + "a: b\0\n"}, "yaml", 4),
    "bytes": Case({"meta.yaml": bytes(range(256)) * 40}, "yaml", 1),
    "UTF-16 without a mark": Case({"meta.yaml": PACKAGE.encode("utf-16-le")}, "yaml", 1),
    "documents": Case({"meta.yaml": PACKAGE + "---\n" + PACKAGE}, "yaml", 4),
    "a long line": Case({"meta.yaml": PACKAGE + "about: {summary: " + "a" * 300_000 + "}\n"}, "recipe", 4),
    "a large file": Case({"meta.yaml": "# x\n" * 2_000_000}, "recipe", None),
    "many outputs": Case(
        {"meta.yaml": PACKAGE + "outputs:\n" + "".join(f"  - name: o{i}\n" for i in range(5000))}, "schema", 4
    ),
    "a device": Case({}, "recipe", None, links={"meta.yaml": "/dev/zero"}),
    "a link to itself": Case({}, "recipe", None, links={"meta.yaml": "meta.yaml"}),
    "a pipe": Case({}, "recipe", None, pipes=("meta.yaml",)),
    "a long script": Case({"meta.yaml": PACKAGE, "build.sh": b"x\n" * 3_000_000}, "recipe", None, "build.sh"),
    "an appended tag": Case(
        {"meta.yaml": PACKAGE, "recipe_append.yaml": "a: !!python/object/apply:os.system ['touch CANARY'] \n"},
        "yaml",
        1,
        "recipe_append.yaml",
    ),
    "an appended list": Case(
        {"meta.yaml": PACKAGE, "recipe_append.yaml": "- a\n"}, "schema", None, "recipe_append.yaml"
    ),
    "clobbered": Case(
        {"meta.yaml": PACKAGE, "recipe_clobber.yaml": "requirements: text\n"}, "schema", 1, "recipe_clobber.yaml"
    ),
}
CONFIGS = {
    "a product": config(
        "".join(f"k{i}:\n" + "".join(f"  - {j}\n" for j in range(10)) for i in range(9)), "variant", None
    ),
    "many values": config("a:\n" + "  - 1\n" * 40000, "variant", 1),
    "a bomb": config(_BOMB, "yaml", 54),
    "code": config("a:  # [__import__('os').system('touch CANARY')]\n  - 1\n", "selector", 1),
    "a list": config("- a\n", "variant", 1),
    "a tab": config("a:\n\t- 1\n", "yaml", 2),
}
CODE = {
    "a loop": template("{{ load_file_regex('text', '(a+)+$', from_recipe_dir=True) }}", text="a" * 60 + "!"),
    "alternatives": template("{{ load_file_regex('text', '(a|a)*b', from_recipe_dir=True) }}", text="a" * 60),
    "a file outside": Case(
        {"meta.yaml": PACKAGE + "{{ load_file_data('secret', 'json', from_recipe_dir=True) }}\n"},
        "trust",
        4,
        links={"secret": "/etc/passwd"},
    ),
    "no pattern": template("{{ load_file_regex('text', '(', from_recipe_dir=True) }}", text="a"),
    "an error": setup_py("raise ValueError('x')\n"),
    "an exit": setup_py("import os; os._exit(3)\n"),
    "nothing written": setup_py("import os; os._exit(0)\n"),
}

CASES: dict[str, Case] = {
    **{f"selector: {name}": selector(text) for name, text in SELECTORS.items()},
    **{f"expression: {name}": expression(text) for name, text in EXPRESSIONS.items()},
    **{f"template: {name}": template(text) for name, text in TEMPLATES.items()},
    **{f"doubling: {name}": case for name, case in DOUBLING.items()},
    **{f"text: {name}": case for name, case in TEXTS.items()},
    **{f"config: {name}": case for name, case in CONFIGS.items()},
    **{f"code: {name}": case for name, case in CODE.items()},
}
