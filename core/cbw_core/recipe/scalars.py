"""What YAML 1.1 makes of a plain scalar: null, booleans, numbers, dates (PyYAML's resolver and constructor)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

BOOLS = {
    **dict.fromkeys(("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_INT = re.compile(
    r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
)
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?"
    r"(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?)?"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def implicit(text: str, *, numbers: bool) -> Any:
    """The value of a plain scalar; numbers stay text unless asked for. Dates become text as str() shows them."""
    if text in _NULLS:
        return None
    if text in BOOLS:
        return BOOLS[text]
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    if numbers:
        if _INT.fullmatch(text):
            return _integer(text)
        if _FLOAT.fullmatch(text):
            return _float(text)
    if first.isdigit() and text[4:5] == "-":
        return _timestamp(text)
    return text


def _integer(text: str) -> int:
    value = text.replace("_", "")
    sign = -1 if value.startswith("-") else 1
    value = value.lstrip("+-")
    if ":" in value:
        return sign * _sexagesimal(value.split(":"))
    if value.startswith("0b"):
        return sign * int(value[2:], 2)
    if value.startswith("0x"):
        return sign * int(value[2:], 16)
    if value.startswith("0") and value != "0":
        return sign * int(value, 8)
    return sign * int(value)


def _sexagesimal(parts: Sequence[str]) -> int:
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _float(text: str) -> float:
    value = text.replace("_", "").lower()
    sign = -1.0 if value.startswith("-") else 1.0
    value = value.lstrip("+-")
    if ":" in value:
        *whole, last = value.split(":")
        return sign * (_sexagesimal(whole) * 60 + float(last))
    return sign * float(value.replace(".inf", "inf").replace(".nan", "nan"))


def _timestamp(text: str) -> str:
    """A date or time as text, as str() of the date that PyYAML makes of it."""
    if _DATE.fullmatch(text):
        return text
    match = _TIME.fullmatch(text)
    if not match or match[4] is None:
        return text
    try:
        fraction = int((match[7] or "0")[:6].ljust(6, "0"))
        value = datetime.datetime(*(int(match[i]) for i in range(1, 7)), fraction)  # type: ignore[call-arg,arg-type]
        if match[9]:
            offset = datetime.timedelta(hours=int(match[10]), minutes=int(match[11] or 0))
            zone = datetime.timezone(-offset if match[9] == "-" else offset)
            value = value.replace(tzinfo=zone)
        elif match[8]:
            value = value.replace(tzinfo=datetime.UTC)
    except ValueError:
        return text
    return str(value)
