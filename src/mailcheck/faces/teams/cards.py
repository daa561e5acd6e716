"""The small cards (pure): everything that the bot says besides a report."""

from collections.abc import Iterator, Sequence

from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    boxed,
    card,
    clean,
    escape,
    heading,
    label,
    names,
    said,
)
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import Mailbox, MailProtocol


def checking_card(mailbox: Mailbox, protocols: Sequence[MailProtocol]) -> Element:
    """Shown while a check runs; the report takes its place."""
    by = names(protocols)
    body = [
        heading(f"Checking {escape(mailbox.address)}", size="Medium"),
        said(f"By {by}; this takes some seconds."),
    ]
    return card(body, spoken=f"Checking {mailbox} by {by}")


def help_card(note: str = "") -> Element:
    """How to ask; `note` says what was wrong with what was asked."""
    fault = [block([said(escape(clean(note, 400)))], style="warning")] if note else []
    examples = ("mailcheck shared@contoso.com", "mailcheck shared@contoso.com imap", "mailcheck shared@contoso.com all")
    body = [
        *fault,
        heading("mailcheck", size="Medium"),
        said(
            "Tells whether this organization's app can open a mailbox by IMAP, POP or SMTP with OAuth and, if it "
            "cannot, which setting is wrong and how to mend it."
        ),
        label("Write"),
        boxed(examples),
        said("In a team or a group chat, mention me first. In our own chat the address alone is enough."),
    ]
    return card(body, spoken=f"{note} Write: mailcheck, and the address of a mailbox.".strip())


def refused_card(object_id: str | None) -> Element:
    """For somebody who is not among the operators: what to hand to an administrator."""
    title = "You are not among the people who may use this bot"
    shown = clean(object_id or "", 100)
    if not shown:
        how = [said("Teams did not tell me your object id in Microsoft Entra, so I cannot say more.")]
    else:
        how = [
            said(
                "An administrator can let you in, by adding your object id in Microsoft Entra to the app setting "
                f"{escape('MAILCHECK_OPERATORS')}:"
            ),
            boxed([shown]),
        ]
    return card([heading(title, size="Medium"), *how], spoken=title)


def not_allowed_card(refused: NotAllowed) -> Element:
    """For a mailbox of a domain that MAILCHECK_DOMAINS does not have."""
    title = f"{refused.mailbox} may not be checked"
    body = [
        heading(escape(title), size="Medium"),
        said(
            f"The app setting {escape('MAILCHECK_DOMAINS')} does not have the domain {escape(refused.mailbox.domain)}."
        ),
    ]
    return card(body, spoken=title)


def not_configured_card(problems: Sequence[SettingProblem]) -> Element:
    """For an app whose settings do not let it check anything yet: each of them by its name."""
    title = "The app is not configured yet"
    body = [
        heading(title, size="Medium"),
        said("An administrator has to look at these app settings of the function app:"),
        # No facts: beside such a name, no room is left for its value on a telephone.
        *(block(list(_setting(one)), spacing="Medium") for one in problems[:20]),
    ]
    return card(body, spoken=f"{title}: {', '.join(one.name for one in problems[:20])}")


def _setting(one: SettingProblem) -> Iterator[Element]:
    yield said(escape(clean(one.name, 100)), weight="Bolder")
    yield said(escape(clean(one.problem, 200)), spacing="None")
