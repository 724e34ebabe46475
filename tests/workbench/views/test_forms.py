"""The table of JSON forms: types are named there by text, so that a renamed one is noticed here."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from cbw_workbench.views import json_form


def test_every_form_is_of_a_type_that_exists() -> None:
    for name in json_form._FORMS:
        module, _, kind = name.rpartition(".")
        assert isinstance(getattr(import_module(module), kind), type), name


def test_rendering_loads_neither_sessions_nor_solvers_nor_other_results() -> None:
    code = (
        "import sys; from cbw_workbench.views import json_form; from cbw_core.source import sources; "
        "from cbw_core.render import render_recipe; "
        "print(*(m for m in sys.modules if m.startswith(('cbw_core.session', 'cbw_core.inspect', 'rattler', 'rich'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
