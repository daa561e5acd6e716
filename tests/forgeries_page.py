"""docs/forgeries.md, written from the table of forgeries; `make docs` puts it there."""

from collections.abc import Iterator, Sequence

from tests.forgeries import FORGERIES, SECTIONS
from tests.forging import Forgery, Sdk

_INTRODUCTION = """\
# What the bot's guard refuses

Each row is a request to the bot that is wrong in one way, and otherwise honest: most of them are signed by the issuer's
own key. The app refuses every one: 401 without a word, no turn, the reason in the log (`adapters/bot_guard.py`). The
column beside it is what botbuilder-core 4.17.1 does with the same request when it authenticates alone: its genuine
code, against the same issuer.

Written from `tests/forgeries.py` (`make docs`). `tests/adapters/test_bot_guard.py` holds each row to the guard,
`tests/e2e/test_forgeries.py` to the app behind HTTP, `tests/adapters/test_bot_guard_beside_sdk.py` to the SDK.
"""


def markdown() -> str:
    """The page."""
    counts = {kind: sum(forgery.sdk is kind for forgery in FORGERIES) for kind in Sdk}
    summary = (
        f"Of {len(FORGERIES)} forgeries the SDK alone lets in {counts[Sdk.ACCEPTS]}, answers {counts[Sdk.REFUSES]} "
        f"with 401, and raises an exception that makes a 500 for {counts[Sdk.RAISES]}.\n"
    )
    unsent = " and ".join(f"*{forgery.name}*" for forgery in FORGERIES if not forgery.by_http)
    by_call = f"No HTTP request can carry {unsent}: these two are held to the guard and the SDK alone.\n"
    parts = [_INTRODUCTION, by_call, summary]
    for heading, rows in SECTIONS.items():
        parts += [f"## {heading}\n", "".join(f"{line}\n" for line in _lines(rows))]
    return "\n".join(parts)


def _lines(rows: Sequence[Forgery]) -> Iterator[str]:
    yield "| forged | the SDK alone |"
    yield "|---|---|"
    for row in rows:
        sdk = f"**{row.sdk}**" if row.sdk is Sdk.ACCEPTS else row.sdk
        yield f"| {row.name} | {sdk} |"
