"""The card of the app itself (pure): how it is configured, and whether it gets as far as a token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mailcheck.faces.teams.card_parts import STYLES, Element, block, card, facts, fitting, heading, line, said
from mailcheck.faces.teams.explaining import Detail, Fault, fault_parts, notice_parts
from mailcheck.faces.teams.untrusted import ID_LIMIT, clean, escape, foreign, some
from mailcheck.faces.wording import State, count, in_force, mail_roles_first, names
from mailcheck.model.evidence import Stage
from mailcheck.model.inspection import Inspection
from mailcheck.model.problem import Problems
from mailcheck.model.report import Severity
from mailcheck.model.request import MailProtocol

_PROBLEM_LIMIT: Final = 20
_DETAILED: Final = (
    Detail(causes=6, text=400),
    Detail(causes=2, text=200),
    Detail(causes=1, text=100),
)


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What the app knows of itself.

    Attributes:
        app: What a look at it found, or what keeps it from checking anything.
        bot_kind: How the bot proves itself (`MicrosoftAppType`).
        bot_id: The bot's application (client) id.
        operators: How many people may use the bot, or everybody in the tenant.
        protocols: What is checked where nothing is named.
        versions: What runs, by name, and its version.
    """

    app: Inspection | Problems
    bot_kind: str
    bot_id: str
    operators: int | Literal["*"]
    protocols: Sequence[MailProtocol]
    versions: Sequence[tuple[str, str]]


def status_card(status: StatusFacts) -> Element:
    """The app's state: what ends or fails first, then how it is configured."""
    return fitting(_status(status, detail) for detail in _DETAILED)


def _status(status: StatusFacts, detail: Detail) -> Element:
    state, verdict = _verdict(status.app)
    header = block(
        [heading("mailcheck itself", size="Large"), said(f"{state.mark} {verdict}", weight="Bolder", spacing="Small")],
        style=STYLES[state],
        bleed=True,
    )
    if isinstance(status.app, Inspection):
        parts = [*_signing_in(status.app, detail), *_configuration(status.app, status.protocols, detail)]
    else:
        parts = list(problems(status.app))
    who = count(status.operators, "operator") if isinstance(status.operators, int) else "everybody in the tenant"
    bot = [("Identity", clean(status.bot_kind, 40)), ("App id", clean(status.bot_id, ID_LIMIT)), ("Answers", who)]
    versions = [(clean(name, 40), clean(version, 60)) for name, version in status.versions[:12]]
    body = [header, *parts, _section("Bot"), facts(bot)]
    body += [_section("Versions"), facts(versions)] if versions else []
    return card(body, spoken=f"mailcheck itself: {verdict}")


def _section(title: str) -> Element:
    return heading(title, size="Medium", spacing="Large")


def _verdict(app: Inspection | Problems) -> tuple[State, str]:
    if not isinstance(app, Inspection):
        return State.BROKEN, "Not configured yet"
    if app.diagnosis:
        return State.BROKEN, "The app gets no token"
    if any(notice.severity is not Severity.INFO for notice in app.notices):
        return State.DEGRADED, "The app gets its token, but look at what follows"
    return State.HEALTHY, "The app gets its token"


def problems(found: Problems) -> Iterator[Element]:
    """Settings that an administrator has to look at, each by its name."""
    yield said("An administrator has to look at these app settings of the Function App:")
    for one in found[:_PROBLEM_LIMIT]:  # no facts: beside such a name, no room is left for its value on a telephone
        yield block(
            [said(foreign(one.name, ID_LIMIT), weight="Bolder"), said(foreign(one.problem, 200), spacing="None")],
            spacing="Medium",
        )
    if (left := len(found) - _PROBLEM_LIMIT) > 0:
        yield said(f"and {left:,} more", isSubtle=True)


def _signing_in(app: Inspection, detail: Detail) -> Iterator[Element]:
    """The credential, the token, and what is the matter with them."""
    soon = any(notice.id.endswith("-expires-soon") for notice in app.notices)
    secret = next((step for step in app.steps if step.name is Stage.SECRET), None)
    if app.certificate:
        left = app.certificate.days_left
        state = State.BROKEN if left < 0 else State.DEGRADED if soon else State.HEALTHY
        yield line(state.mark, [said(f"**Certificate** {in_force(app.certificate)}")], spacing="Medium")
    elif secret:
        state = State.DEGRADED if soon else State.HEALTHY if secret.ok else State.BROKEN
        text = escape(clean(secret.detail, detail.text)) or "read"
        yield line(state.mark, [said(f"**Client secret** {text}")], spacing="Medium")
    if app.token:
        roles = some(mail_roles_first(app.token.roles), detail.text) or "no roles"
        yield line(State.HEALTHY.mark, [said(f"**Token** with {escape(roles)}")], spacing="Small")
    if app.diagnosis:
        yield block(list(fault_parts(Fault(app.diagnosis, steps=app.steps), 1, set(), detail)), spacing="Medium")
    yield from notice_parts(app.notices, detail)


def _configuration(app: Inspection, protocols: Sequence[MailProtocol], detail: Detail) -> Iterator[Element]:
    registration = app.app
    pairs = [
        ("Tenant", registration.tenant_id),
        ("Client id", registration.client_id),
        ("Key vault", registration.vault_url),
        (registration.credential.value.capitalize(), registration.vault_object),
        ("Cloud", app.cloud),
        ("Protocols", names(protocols)),
        *((f"{protocol.name} server", str(endpoint)) for protocol, endpoint in app.endpoints.items()),
        ("Time limit", f"{app.timeout:g} s"),
        ("Domains", some(sorted(app.domains), detail.text) or "any"),
        ("Canary", str(app.canary) if app.canary else "none"),
    ]
    yield _section("Configuration")
    yield facts((name, clean(value, detail.text)) for name, value in pairs)
