"""The small cards (pure): help, the welcome, who the asker is, and why nothing is checked."""

from collections.abc import Sequence
from typing import Final

from mailcheck.faces.teams.card_parts import Element, block, boxed, card, facts, heading, label, said, verbatim
from mailcheck.faces.teams.explaining import refused_parts
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.status_card import problems
from mailcheck.faces.teams.untrusted import ID_LIMIT, clean, escape, foreign
from mailcheck.faces.wording import State, summary
from mailcheck.model.problem import Problems
from mailcheck.model.report import NotAllowed

_PURPOSE: Final = (
    "Tells whether this organization's app can open a mailbox by IMAP, POP or SMTP with OAuth and, if it cannot, which "
    "setting is wrong and how to mend it."
)
_WHERE: Final = "The address alone is enough. In a team or a group chat, mention me, before it or behind it."
_NOT_AMONG: Final = "You are not among the people who may use this bot"
_ALL: Final = 'Write "help" for all that I can do.'
_LET_IN: Final = (
    "To be let in, ask an administrator to add your object id to the app setting "
    f"{escape('MAILCHECK_OPERATORS')} of the Function App"
)
_COMMANDS: Final = (
    ("mailcheck shared@contoso.com", "checks a mailbox, or up to ten, by the protocols that are set"),
    ("mailcheck shared@contoso.com imap", "by one protocol alone: imap, pop or smtp; or by all"),
    ("mailcheck explain imap-sign-in-refused", "what a diagnosis means, and what mends it"),
    ("mailcheck status", "whether the app gets its token, how long its certificate lasts, its settings"),
    ("mailcheck whoami", "your object id, and whether you may use this bot"),
)


def help_card(note: str = "") -> Element:
    """How to ask; `note` says what was wrong with what was asked."""
    fault = [block([said(foreign(note, 400))], style="warning", bleed=True)] if note else []
    body = [*fault, heading("What you can ask", size="Large"), said(_PURPOSE), _commands(), said(_WHERE)]
    return card(body, spoken=f"{note} Write: mailcheck, and the address of a mailbox.".strip())


def welcome_card() -> Element:
    """For a chat in which the bot has just been installed."""
    title = "Hello, this is mailcheck"
    body = [
        block([heading(title, size="Large"), said(_PURPOSE, spacing="Small")], style="emphasis", bleed=True),
        label("Write"),
        boxed(["mailcheck shared@contoso.com"]),
        said(_WHERE),
        said(_ALL, size="Small", isSubtle=True),
    ]
    return card(body, spoken=f"{title}. Write: mailcheck, and the address of a mailbox.")


def thanks_card() -> Element:
    """For somebody who says thanks, and asks for nothing."""
    title = "You are welcome"
    return card([heading(title, size="Medium"), said(_ALL, size="Small", isSubtle=True, spacing="Small")], spoken=title)


def _commands() -> Element:
    lines = (
        (verbatim(command, spacing="Medium"), said(what, size="Small", isSubtle=True, spacing="None"))
        for command, what in _COMMANDS
    )
    return block([part for both in lines for part in both], style="emphasis")


def refused_card(object_id: str | None) -> Element:
    """For somebody who is not among the operators: what to hand to an administrator."""
    shown = clean(object_id or "", ID_LIMIT)
    if not shown:
        how = [said("Teams did not tell me your object id in Microsoft Entra, so I cannot say more.")]
    else:
        how = [said(f"{_LET_IN}:"), boxed([shown])]
    return card([heading(_NOT_AMONG, size="Medium"), *how], spoken=_NOT_AMONG)


def looking_card() -> Element:
    """Shown while the app itself is looked at, where that takes more than a moment; its status takes the place."""
    title = "Looking at mailcheck itself"
    body = [heading(title, size="Medium"), said("Credential from Key Vault, then a token from Entra.", spacing="Small")]
    return card(body, spoken=title)


def whoami_card(name: str, object_id: str | None, tenant_id: str, *, operator: bool) -> Element:
    """Who the asker is to the bot, as Teams says it, and whether they may use it."""
    shown = clean(name, 200) or "somebody without a name"
    may = "You may use this bot." if operator else f"{_NOT_AMONG}."
    mark = State.HEALTHY.mark if operator else State.NOT_ALLOWED.mark
    pairs = [
        ("Object id", clean(object_id or "", ID_LIMIT) or "not told"),
        ("Tenant id", clean(tenant_id, ID_LIMIT)),
    ]
    body = [heading(f"You are {escape(shown)}", size="Medium"), said(f"{mark} {may}", spacing="Small"), facts(pairs)]
    if not operator:
        body.append(said(f"{_LET_IN}.", size="Small"))
    return card(body, spoken=f"You are {shown}. {may}")


def not_allowed_card(outcome: NotAllowed, object_id: str | None, refused: Sequence[Refused] = ()) -> Element:
    """For a mailbox of a domain that MAILCHECK_DOMAINS does not have: what to hand to an administrator.

    And what was written beside it. The object id is that of whoever asks.
    """
    title = f"{outcome.mailbox} may not be checked"
    body = [heading(escape(title), size="Medium"), said(f"The app setting {escape(summary(outcome).sentence)}.")]
    if shown := clean(object_id or "", ID_LIMIT):
        body += [said("Whoever wants it added asks an administrator, with their object id in Microsoft Entra:")]
        body += [boxed([shown])]
    return card([*body, *refused_parts(refused)], spoken=title)


def not_configured_card(found: Problems) -> Element:
    """For an app whose settings do not let it check anything yet: each of them by its name."""
    title = "The app is not configured yet"
    body = [heading(title, size="Medium"), *problems(found)]
    return card(body, spoken=f"{title}: {', '.join(one.name for one in found)}")
