"""What bash runs before each command, as text: quick where nothing is to be looked at, for a script has many commands.

Measured with 100,000 commands (benchmarks/trace.py): a loop over a word that is empty but on the lines to look at, or a
`case`, cost about as much as `set -x` does; a function costs twenty times that. So what is asked before the function
`__cbw_at` is called may say yes too often (it asks again), never too rarely.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# into the function that decides; `: "$__cbw_l"` puts the script's $_ back
_AT = 'eval "$__cbw_H"&&: "$__cbw_l"'
_LINE = "${__cbw_b[LINENO]-%s}"
# time, process, depth, line, file and command, as __cbw_at writes them; the last word is for bash's $_, which stays so
_RECORD = (
    "case ${__cbw_tr:+1}$__cbw_t$__cbw_busy${FUNCNAME-} in [!0]*|0[!0]*|00trap|00__cbw_*);;"
    "*)if [[ -w $__cbw_d/record ]]&&builtin printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\0%.0s' "
    '"$EPOCHREALTIME" "$BASHPID" "$((${#BASH_SOURCE[@]}+1))" "$LINENO" "${BASH_SOURCE[0]-}" "$BASH_COMMAND" "$_" '
    f'>>"$__cbw_d/record";then((++__cbw_rn<__cbw_rec))||__cbw_enough "$_";else {_AT};fi;;esac'
)
_GROUP = re.compile(r"[?*+@!]\(|\[")


def always(quiet: bool) -> str:
    """The text that looks at every command. quiet: it shows nothing of itself under `set -x`."""
    return f"{{ {_AT}; }} 2>/dev/null" if quiet else _AT


def question(
    *, commands: Sequence[int], variables: Sequence[tuple[int, str]], depth: bool, record: bool, quiet: bool
) -> str:
    """The text for a script that runs to its next stop, on a line of `__cbw_b` or as asked. commands: numbers of the
    patterns (`__cbw_bq[N]`); variables: (number, name), the value seen last is `__cbw_wv[N]`; depth: also where as few
    functions are being run as `__cbw_dn` tells; record: note each command."""
    if not (commands or variables or depth or record):
        return _lines_only(quiet)
    text = _RECORD if record else ""
    if commands:
        patterns = "".join(f"$__cbw_bq{number}|" for number in commands)
        rest = f";;*){text}" if text else ""  # each character is read again before each command
        text = f"case $BASH_COMMAND in {patterns}${{__cbw_b[LINENO]+*}}){_AT}{rest};esac"
    if variables or depth or not commands:
        values = "".join(f"|${{{name}[*]+set:${{{name}[*]}}}}" for _, name in variables)
        seen = "".join(f"|${{__cbw_wv[{number}]-none}}" for number, _ in variables)
        few = "${__cbw_dn[${#BASH_SOURCE[@]}]-0}" if depth else "0"
        text = f'case "{_LINE % 0}{few}{values}" in "00{seen}"){text};;*){_AT};esac'
    return f"{{ {text}; }} 2>/dev/null" if quiet else text


def _lines_only(quiet: bool) -> str:
    """A loop without a turn shows nothing under `set -x`, so stderr has to be away only where there is one: what it
    shows of itself then goes to a closed descriptor, and 2>&2 costs nothing. Where the script closed stderr that fails,
    and what follows `||` looks."""
    if not quiet:
        return f"for __cbw_1 in {_LINE % ''};do {_AT};done"
    return (
        f'for __cbw_1 in {_LINE % ""};do eval "$__cbw_Q"&&: "$__cbw_l";done '
        '2>&"${__cbw_2[__cbw_b[LINENO]]}"||{ eval "$__cbw_R"&&: "$__cbw_old"; }'
    )


def loosened(pattern: str) -> str:
    """A pattern for `case` that matches at least what a pattern of `[[ == ]]` does: `case` knows `@(…)` and its like
    only under extglob, and a shell pattern says no more than its beginning then."""
    found = _GROUP.search(pattern)
    if found is None or (found[0] == "[" and not re.search(r"[?*+@!]\(", pattern)):
        return pattern
    head = pattern[: found.start()]
    escaped = len(head) - len(head.rstrip("\\"))
    return (head[:-1] if escaped % 2 else head) + "*"
