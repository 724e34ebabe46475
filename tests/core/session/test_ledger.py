from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_core.session import ledger
from cbw_core.session.disk import jsonfile
from cbw_core.session.ledger import Ledger, PhaseRecord
from cbw_core.session.model import Phase, State


def book() -> Ledger:
    phases = {"build": PhaseRecord(state=State.DONE, serial=3, inputs={"a": "1"}, touched=True)}
    return Ledger("recipe", "recipe", {}, "2026-01-01", "name", phases=phases)


def test_a_ledger_reads_back_as_it_was_written(tmp_path: Path) -> None:
    ledger.write(tmp_path / "ledger.json", book())
    assert ledger.read(tmp_path / "ledger.json") == book()


def test_a_ledger_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    ledger.write(tmp_path / "ledger.json", book())
    assert (tmp_path / "ledger.json").stat().st_mode & 0o077 == 0


def test_resetting_keeps_the_count_of_runs(tmp_path: Path) -> None:
    after = book().reset((Phase.BUILD,))
    assert after[Phase.BUILD] == PhaseRecord(serial=3)


def test_a_skipped_phase_stays_skipped_when_reset() -> None:
    skipped = book().with_phase(Phase.TEST, state=State.SKIPPED)
    assert skipped.reset((Phase.TEST,))[Phase.TEST].state is State.SKIPPED


def test_a_folder_without_a_ledger_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a session") as error:
        ledger.read(tmp_path / "ledger.json")
    assert error.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 99}'])
def test_a_damaged_ledger_is_told_not_thrown(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    with pytest.raises(UsageError):
        ledger.read(tmp_path / "ledger.json")


def test_a_failed_write_leaves_the_old_ledger(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    ledger.write(file, book())
    with pytest.raises(ValueError, match="Circular"):
        loop: dict[str, object] = {}
        loop["self"] = loop
        jsonfile.write(file, loop)
    assert ledger.read(file) == book()
