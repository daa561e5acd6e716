"""The buttons of cards: those that ask the bot for something, and those that lead out of the chat (pure)."""

from collections.abc import Iterable

from mailcheck.faces.teams.card_parts import Element, execute, link
from mailcheck.faces.teams.pressed import check_data, explain_data
from mailcheck.model.request import Mailbox, MailProtocol


def check_again(mailboxes: Iterable[Mailbox], protocols: Iterable[MailProtocol]) -> Element:
    """Checks the same once more, by these protocols; by none: by those that are set for the app."""
    return execute("Check again", check_data(mailboxes, protocols))


def explain(diagnosis_id: str) -> Element:
    """Explains a diagnosis."""
    return execute("Explain", explain_data(diagnosis_id))


def further(guide: str, reference: str) -> list[Element]:
    """Open what explains a diagnosis elsewhere; an address that is not plainly https has no button."""
    links = (link("Guide", guide), link("Read more", reference))
    return [one for one in links if one]
