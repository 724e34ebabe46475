"""The scripts of a session's work folder, written as its output and its configuration are now."""

from __future__ import annotations

from cbw_core import build
from cbw_core.events import Sink
from cbw_core.render import to_yaml
from cbw_core.session.changes import edited_runs, edits
from cbw_core.session.folder import SessionFolder


def write(session: SessionFolder, sink: Sink) -> None:
    """build_env_setup.sh, conda_build.sh and metadata_conda_debug.yaml. What a person made of them is kept aside."""
    work = session.layout.work
    work.mkdir(parents=True, exist_ok=True)
    with edits.rewriting_scripts(session.kept, sink):
        (work / "metadata_conda_debug.yaml").write_text(to_yaml(session.output), encoding="utf-8")
        made = build.write_scripts(session.output, session.layout, session.config, environ=session.environ, sink=sink)
    if made.script is not None and made.script.is_bash:
        edited_runs.write_base(session.kept, made.script.text, made.header_lines)
    else:
        session.kept.script.unlink(missing_ok=True)
