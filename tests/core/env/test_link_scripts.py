"""Link scripts of packages: run in order, in the environment given, and told of when they fail."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.env import changes
from cbw_core.env.prefix import MARKER
from cbw_core.errors import CbwError, Interrupted
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved
from support.packages import make_package

Solve = Callable[..., tuple[Resolved, ...]]
MakeConfig = Callable[..., Config]


def test_link_scripts_run(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho $PKG_NAME > $PREFIX/ran\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    prefix = put("a")
    assert (prefix / "ran").read_text() == "a\n"
    assert not changes(prefix)


def test_a_link_script_that_fails_is_told_with_what_it_said(
    own: Path, put: Callable[..., Path], tmp_path: Path
) -> None:
    script = "#!/bin/sh\necho out\necho needs a GPU >&2\nexit 3\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    with pytest.raises(CbwError, match="post-link script of a failed with status 3") as caught:
        put("a")
    assert caught.value.kind == "link-script"
    assert caught.value.why == "needs a GPU"
    assert caught.value.details == "out\nneeds a GPU"
    assert ".a-post-link.sh" in str(caught.value.hint)
    assert not (tmp_path / "prefix" / MARKER).exists()


def test_the_messages_of_a_link_script_are_its_reason(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho noise\necho needs a GPU >> $PREFIX/.messages.txt\nexit 1\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    with pytest.raises(CbwError) as caught:
        put("a")
    assert caught.value.why == "needs a GPU"


def test_link_scripts_run_after_those_of_what_they_need(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho $PKG_NAME $PKG_VERSION $PKG_BUILDNUM ${CONDA_PREFIX##*/} $FLAG >> $PREFIX/ran\n"
    activate = {"etc/conda/activate.d/z.sh": "export FLAG=set\n"}
    make_package(own, "a", depends=["z"], files={"bin/.a-post-link.sh": script})
    make_package(own, "z", "2", files={"bin/.z-post-link.sh": script} | activate)
    assert (put("a") / "ran").read_text() == "z 2 0 prefix set\na 1.0 0 prefix set\n"


def test_link_scripts_see_the_given_environment(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\nenv > $PREFIX/env\n"})
    lines = (put("a", environ={"PATH": os.environ["PATH"], "MINE": "1"}) / "env").read_text().splitlines()
    assert "MINE=1" in lines
    assert not any(line.startswith("PYTHONPATH=") for line in lines)


def test_cancel_in_a_link_script_ends_it_and_leaves_no_trusted_prefix(
    own: Path, put: Callable[..., Path], tmp_path: Path
) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\ntouch $PREFIX/started\nexec sleep 1000\n"})
    cancel = Cancel()

    def stop() -> None:
        while not (tmp_path / "prefix" / "started").exists():
            time.sleep(0.005)
        cancel.request()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(Interrupted):
        put("a", cancel=cancel)
    assert not (tmp_path / "prefix" / MARKER).exists()
