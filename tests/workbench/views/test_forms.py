"""The table of JSON forms: types are named there by text, so that a renamed one is noticed here."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from cbw_workbench.views import json_form


def test_every_form_is_of_a_type_that_exists() -> None:
    for name in json_form._FORMS:
        module, _, kind = name.rpartition(".")
        assert isinstance(getattr(import_module(module), kind), type), name


def test_rendering_loads_neither_sessions_nor_what_inspects(tmp_path: Path) -> None:
    (tmp_path / "meta.yaml").write_text("package: {name: small, version: '1'}\n")
    code = (
        "import sys; from cbw_workbench.cli.main import main; "
        f"main(['render', '--json', '--no-finalize', {str(tmp_path)!r}]); "
        "print(*(m for m in sys.modules if m.startswith(('cbw_core.session', 'cbw_core.inspect', 'rattler', 'rich'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[1:] == [""], ran.stdout + ran.stderr
