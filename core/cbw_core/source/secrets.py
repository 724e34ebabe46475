"""URLs without what must not be shown or kept: user names, passwords, tokens."""

from __future__ import annotations

import re

_USER = re.compile(r"(?<=://)[^/\s@]+@")
_TOKEN = re.compile(r"(?<=/t/)[^/\s]+(?=/)")
_QUERY = re.compile(r"(?i)([?&](?:[\w.-]*(?:token|key|secret|password|signature|credential)[\w.-]*)=)[^&\s#]+")


def redact(text: str) -> str:
    """`text` with the secrets of every URL in it left out: user:password@, conda's /t/TOKEN/, ?token=...

    A user name alone of ssh (git@host) is no secret and stays.
    """
    text = _USER.sub(lambda match: match[0] if match[0] in ("git@", "hg@", "svn@") else "***@", text)
    text = _TOKEN.sub("***", text)
    return _QUERY.sub(r"\1***", text)
