"""The words of verdicts: defined once in the code, and told in the documents as they are there."""

from __future__ import annotations

from pathlib import Path

from cbw_core.linkage import FINDINGS, VERDICTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "linkage.md"


def test_the_document_has_every_verdict_with_its_meaning() -> None:
    rows = [line.split("|")[1:3] for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    told = {word.strip(): meaning.strip() for word, meaning in rows[2:] if word.strip() in VERDICTS}
    assert told == VERDICTS


def test_findings_are_verdicts() -> None:
    assert set(FINDINGS) < set(VERDICTS)
