"""The card that is shown while checks run (pure), and replaced by what they found."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailcheck.faces.teams.card_parts import Element, block, card, heading, line, said
from mailcheck.faces.teams.progress import Leg, Progress
from mailcheck.faces.teams.untrusted import escape
from mailcheck.faces.wording import State, count, names, summary
from mailcheck.model.evidence import Stage
from mailcheck.model.request import MailProtocol

_NOW, _TO_COME = "▸", "○"
_CREDENTIAL_STEP, _TOKEN_STEP = "Credential from Key Vault", "Token from Entra"
_DOING: Final = {
    Leg.CONNECT: "connecting",
    Leg.TLS: "making the connection safe",
    Leg.SIGN_IN: "signing in",
}
_CONTENTS: Final = {
    MailProtocol.IMAP: "listing the folders",
    MailProtocol.POP: "counting the messages",
    MailProtocol.SMTP: "signing in",
}


def progress_card(checks: Sequence[Progress], seconds: float) -> Element:
    """How far these checks are, of which there is at least one, `seconds` after they were asked for."""
    time = f"{seconds:.0f} s"
    if len(checks) == 1:
        one = checks[0]
        title = f"Checking {one.request.mailbox}"
        spoken = f"{title} by {names(one.request.protocols)}"
        rows = list(_steps(one))
    else:
        ended = sum(one.outcome is not None for one in checks)
        title = f"Checking {count(len(checks), 'mailbox', 'mailboxes')}"
        spoken = f"{title}, {ended} of {len(checks)} done"
        rows = [_row(one) for one in checks]
    header = block(
        [heading(escape(title), size="Medium"), said(time, size="Small", spacing="None")], style="emphasis", bleed=True
    )
    return card([header, *rows], spoken=spoken)


def _steps(one: Progress) -> Iterator[Element]:
    """Credential, token, and a line for each protocol: what is done, what is going on, what is to come."""
    talking = bool(one.legs or one.ended)
    asking = one.stage is Stage.TOKEN and not talking
    yield _step(_CREDENTIAL_STEP, done=talking or asking, now=not (talking or asking))
    yield _step(_TOKEN_STEP, done=talking, now=asking)
    for protocol in one.request.protocols:
        yield _talk(one, protocol)


def _step(what: str, *, done: bool, now: bool) -> Element:
    mark, word = (State.HEALTHY.mark, "done") if done else (_NOW, "now") if now else (_TO_COME, "to come")
    return line(mark, [said(what, isSubtle=not (done or now))], word, spacing="Small")


def _talk(one: Progress, protocol: MailProtocol) -> Element:
    if protocol in one.ended:
        state = State.HEALTHY if one.ended[protocol] else State.BROKEN
        return line(state.mark, [said(f"**{protocol.name}**")], _word(one, protocol), spacing="Small")
    if protocol in one.legs:
        return line(_NOW, [said(f"**{protocol.name}** {_doing(one, protocol)}")], "now", spacing="Small")
    return line(_TO_COME, [said(f"**{protocol.name}**", isSubtle=True)], "to come", spacing="Small")


def _doing(one: Progress, protocol: MailProtocol) -> str:
    """What is going on in a conversation that has begun."""
    leg = one.legs[protocol]
    return _CONTENTS[protocol] if leg is Leg.CONTENTS else _DOING[leg]


def _row(one: Progress) -> Element:
    """One of several checks, on a line."""
    address = said(escape(one.request.mailbox.address), weight="Bolder")
    if one.outcome is not None:
        told = summary(one.outcome)
        return line(told.state.mark, [address], told.state.word, spacing="Small")
    if one.legs or one.ended:
        what = " · ".join(f"{protocol.name} {_word(one, protocol)}" for protocol in one.request.protocols)
    elif one.stage:
        what = _TOKEN_STEP if one.stage is Stage.TOKEN else _CREDENTIAL_STEP
    else:
        return line(_TO_COME, [address], "to come", spacing="Small")
    # Below the address: beside it, on a telephone, it would take its room.
    return line(_NOW, [address, said(what, size="Small", isSubtle=True, spacing="None")], spacing="Small")


def _word(one: Progress, protocol: MailProtocol) -> str:
    if protocol in one.ended:
        return "done" if one.ended[protocol] else "not opened"
    return _doing(one, protocol) if protocol in one.legs else "to come"
