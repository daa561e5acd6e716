"""The guide of all diagnoses, docs/diagnoses.md, written from the catalogue; `make docs` puts it there.

An entry's heading is its id, which Markdown turns into the anchor that cards and reports name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.text import Line, Shell, connected
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_INTRODUCTION: Final = """\
# Why a mailbox does not open

Every check that fails ends in one of the diagnoses below: what was seen, what it can mean, and the commands that mend
it. This page explains them all. It is written from the catalogue that mailcheck itself goes by (`make docs`), and each
diagnosis is replayed through a whole check by the test suite.

## How to use this page

- A report or a card names the diagnosis, such as `imap-sign-in-refused`: search this page for it.
- Without a report, look up what you have seen: [an AADSTS number, an error code of Key Vault, a reply](#what-was-seen).
- Do what stands under the first cause, check again, then go on to the next one. In a report the causes are in the order
  of their likelihood for *your* check; here they are in their order when nothing else is known.

How sure mailcheck is of a cause:

| likelihood | means |
|---|---|
| certain | the evidence leaves no other cause, or nothing can be told of the others until this one is mended |
| likely | this is how it mostly is; the first to look at |
| possible | it fits the evidence, and nothing speaks for it in particular |
| only with more evidence | named only where the check has found what speaks for it; the table below the causes tells |

One line of refusal can have many causes, above all `NO AUTHENTICATE failed.` What tells them apart is the rest of the
check, so give it something to compare: check by IMAP **and** POP, and name a mailbox that is known to open in
`MAILCHECK_CANARY`.

### The commands

In a report the commands carry your own values, quoted so that they can be pasted as they are. Here a name in angle
brackets stands for each value:

| here | your value |
|---|---|
| `<mailbox>` | the primary address that was checked |
| `<tenant id>`, `<client id>` | directory (tenant) id and application (client) id of the app registration |
| `<service principal>` | object id of the app's *enterprise application*; not the one of its app registration |
| `<vault name>`, `<vault url>` | the key vault of MAILCHECK_VAULT_URL |
| `<certificate>`, `<secret>` | the name of the certificate or the client secret in that vault |
| `<object id>` | object id of the identity that reads the vault; Key Vault names it where it refuses |

`Connect-ExchangeOnline` is of the module ExchangeOnlineManagement, `Connect-MgGraph` of Microsoft.Graph, `az` is the
Azure CLI. The commands are those of the public cloud; in `usgov`, `usdod` and `china` a report has each of them connect
to that cloud (`-ExchangeEnvironmentName`, `-Environment`, `az cloud set`). A change in Exchange is in force after some
minutes, at times after about an hour.
"""
_PLACES: Final[tuple[tuple[str, tuple[Stage, ...]], ...]] = (
    ("Managed identity", (Stage.IDENTITY,)),
    ("Key Vault", (Stage.VAULT,)),
    ("Certificate", (Stage.CERTIFICATE,)),
    ("Client secret", (Stage.SECRET,)),
    ("Entra: the token", (Stage.TOKEN,)),
    ("The way to the mail server", (Stage.DNS, Stage.CONNECT, Stage.TLS)),
    ("The talk with the mail server", (Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH, Stage.LIST)),
)
_ANYTHING: Final = "Anything else"
_CHAPTERS: Final = (*(title for title, _ in _PLACES), *(protocol.name for protocol in MailProtocol), _ANYTHING)
_STAGES: Final[Mapping[Stage, str]] = {
    Stage.IDENTITY: "the managed identity",
    Stage.VAULT: "the key vault",
    Stage.CERTIFICATE: "the certificate",
    Stage.SECRET: "the client secret",
    Stage.TOKEN: "the token",
    Stage.DNS: "DNS",
    Stage.CONNECT: "the connection",
    Stage.TLS: "TLS",
    Stage.GREETING: "the greeting",
    Stage.CAPABILITY: "the capabilities",
    Stage.STARTTLS: "STARTTLS",
    Stage.AUTH: "the sign-in",
    Stage.LIST: "the listing",
    Stage.LOGOUT: "the end",
}
_LANGUAGES: Final = {Shell.EXCHANGE: "powershell", Shell.GRAPH: "powershell", Shell.AZURE_CLI: "sh"}
_ORDER: Final = (*Likelihood, None)
_UNWEIGHED: Final = "only with more evidence"
_MARKUP: Final = re.compile(r"[\\`*\[\]<>|]")
_FAULTS: Final = frozenset(Fault)


def markdown() -> str:
    """The whole page."""
    return "\n".join((_INTRODUCTION, *_contents(), *_found(), *_chapters()))


def chapter(entry: Entry) -> str:
    """Where an entry stands: by its protocol, if it has one, or else by the stage that it begins with."""
    if len(entry.when.stages) == len(Stage):
        return _ANYTHING
    if entry.when.protocol:
        return entry.when.protocol.name
    return next(title for title, stages in _PLACES if entry.when.stages[0] in stages)


def findings_of(entry: Entry) -> tuple[Given, ...]:
    """The findings that decide between an entry's causes; where several are given, the first that a cause has counts.

    Each cause has its own in this order.
    """
    waiting = [[given for given, _ in one.shift] for one in entry.explanations]
    ordered: list[Given] = []
    while waiting := [left for one in waiting if (left := [given for given in one if given not in ordered])]:
        ordered.append(next(one[0] for one in waiting if not any(one[0] in other[1:] for other in waiting)))
    return tuple(ordered)


def _contents() -> Iterator[str]:
    yield "## Contents"
    yield ""
    for title, entries in _by_chapter():
        yield f"- [{title}](#{_anchor(title)})"
        yield from (f"  - [{entry.id}](#{entry.id}): {_prose(entry.title, entry)}" for entry in entries)
    yield ""


def _found() -> Iterator[str]:
    yield "## What was seen"
    yield ""
    yield "| seen | diagnosis |"
    yield "|---|---|"
    for code, ids in sorted(_codes().items(), key=lambda row: _natural(row[0])):
        yield f"| `{code}` | {', '.join(f'[{name}](#{name})' for name in ids)} |"
    yield ""


def _codes() -> dict[str, list[str]]:
    """What the other side says, of whatever length: its codes, and the lines that have none."""
    codes: dict[str, list[str]] = {}
    for entry in CATALOGUE:
        when = entry.when
        ours = [signal for signal in when.signals if signal not in _FAULTS]
        told = [entry.seen] if entry.seen else [*when.codes, *(ours if len(entry.when.stages) < len(Stage) else [])]
        for code in told:
            codes.setdefault(_shortened(code), []).append(entry.id)
    return codes


def _chapters() -> Iterator[str]:
    for title, entries in _by_chapter():
        yield f"## {title}"
        yield ""
        for entry in entries:
            yield from _entry(entry)


def _by_chapter() -> list[tuple[str, list[Entry]]]:
    ordered = sorted(CATALOGUE, key=lambda entry: _CHAPTERS.index(chapter(entry)))
    return [(title, list(entries)) for title, entries in groupby(ordered, key=chapter)]


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### {entry.id}"
    yield ""
    yield f"**{_prose(entry.title, entry)}.**"
    yield ""
    yield _seen(entry)
    yield ""
    causes = sorted(entry.explanations, key=lambda one: _ORDER.index(one.likelihood))
    for number, one in enumerate(causes, 1):
        yield from _cause(number, one, entry)
    yield from _decisions(entry, causes)
    yield f"Read more: <{entry.reference}>"
    yield ""


def _seen(entry: Entry) -> str:
    when = entry.when
    if len(when.stages) == len(Stage):
        return (
            "What you see: anything that has no diagnosis of its own." if not when.signals else "What you see: `bug`."
        )
    line = f"What you see: `{entry.seen}`, at " if entry.seen else f"What you see: {_signals(when)}, at "
    return line + _listed([_STAGES[stage] for stage in when.stages]) + "."


def _signals(when: When) -> str:
    told = [f"`{_shortened(signal)}`" for signal in (*when.codes, *([] if when.codes else when.signals))]
    if not told:
        return "a refusal that has no diagnosis of its own"
    return _listed(told)


def _shortened(signal: str) -> str:
    return signal.removesuffix("*") + "…" if signal.endswith("*") else signal


def _cause(number: int, one: Explanation, entry: Entry) -> Iterator[str]:
    likelihood = one.likelihood or _UNWEIGHED
    yield f"{number}. **{_prose(one.cause, entry)}** ({likelihood}): {_prose(one.why, entry)}."
    yield ""
    for language, lines in groupby(connected(one.fix, {}), key=lambda line: _LANGUAGES.get(line.shell)):
        yield from _indented(_remedy(language, lines, entry), len(f"{number}. "))


def _remedy(language: str | None, lines: Iterable[Line], entry: Entry) -> Iterator[str]:
    if language is None:
        yield from (f"- {_prose(line.template, entry)}" for line in lines)
    else:
        yield f"```{language}"
        yield from (line.fill(_known(entry)) for line in lines)
        yield "```"
    yield ""


def _decisions(entry: Entry, causes: Sequence[Explanation]) -> Iterator[str]:
    """The table of what tells the causes apart."""
    findings = findings_of(entry)
    if not findings:
        return
    numbers = range(1, len(causes) + 1)
    yield "What tells the causes apart; a cause goes by the first row that holds and says something of it:"
    yield ""
    yield f"| where ... | {' | '.join(f'cause {number}' for number in numbers)} |"
    yield f"|---|{'---|' * len(numbers)}"
    for given in findings:
        yield f"| {given.value} | {' | '.join(_shifted(one, given) for one in causes)} |"
    yield ""


def _shifted(one: Explanation, given: Given) -> str:
    shifts: dict[Given, Likelihood | None] = dict(reversed(one.shift))
    return (shifts[given] or "ruled out") if given in shifts else ""


def _known(entry: Entry) -> dict[str, str]:
    """What an entry settles by itself."""
    protocol = entry.when.protocol
    return {"protocol": protocol.name, "role": protocol.role} if protocol else {}


def _prose(template: str, entry: Entry) -> str:
    """A text of the catalogue as Markdown; what is not known stays visible as `<name>`."""
    known = _known(entry)
    text = re.sub(r"\{(\w+)\}", lambda found: known.get(found[1]) or f"<{found[1].replace('_', ' ')}>", template)
    return _MARKUP.sub(lambda mark: f"\\{mark[0]}", text.replace("{{", "{").replace("}}", "}"))


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line if line else line for line in lines)


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _natural(code: str) -> list[tuple[int, str]]:
    return [(int(part or 0) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", code.lower())]
