"""The IMAP dialogue: sign in with XOAUTH2, list the folders, leave.

    S: * OK ready                            GREETING
    C: A1 AUTHENTICATE XOAUTH2 <base64>      AUTH
    S: A1 OK
    C: A2 LIST "" "*"                        LIST
    S: * LIST (...) "/" INBOX
    S: A2 OK
    C: A3 LOGOUT                             LOGOUT

Exchange's greeting tells no capabilities, and Exchange takes an initial response (RFC 4959): so the first command is
AUTHENTICATE with the token, and CAPABILITY is asked only of a server that answers it with BAD. Every round trip saved
counts double where the server is far.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from mailcheck.model.evidence import NO_DETAILS, Evidence, Fault, Stage
from mailcheck.model.report import Listing
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Enter, Send
from mailcheck.protocol.imap_list import Answers
from mailcheck.protocol.imap_reply import Continuation, Data, Malformed, Response, Status, read_response
from mailcheck.protocol.refusal import UNREAD, on_server, refusal, throttled
from mailcheck.protocol.sasl import MECHANISM, answer_challenges, xoauth2
from mailcheck.protocol.server_text import internal_server_name


def list_folders(mailbox: Mailbox, token: Secret[str]) -> Dialogue[Listing | Evidence]:
    """Opens the mailbox by IMAP on a connection that TLS already protects, from the greeting on."""
    yield Enter(Stage.GREETING)
    greeting = yield from read_response()
    match greeting:
        case Status(tag="*", condition="OK"):
            outcome = yield from _open(xoauth2(mailbox, token), greeting.capabilities)
            return on_server(outcome, internal_server_name(greeting.text))
        case Status(tag="*", condition="BYE" | "PREAUTH"):  # PREAUTH: who asks for no token proves nothing about ours
            return _evidence(Stage.GREETING, greeting)
        case _:
            return _evidence(Stage.GREETING, Malformed(greeting.raw))


def _open(sasl: Secret[bytes], offered: tuple[str, ...] | None) -> Dialogue[Listing | Evidence]:
    """From the greeting's end; `offered` are the capabilities that it told, or none."""
    tags = (f"A{number}" for number in count(1))
    refused = yield from _sign_in(tags, sasl, offered)
    if refused:
        return refused
    outcome = yield from _list(next(tags))
    if isinstance(outcome, Listing):
        yield Enter(Stage.LOGOUT)
        yield Send(f"{next(tags)} LOGOUT\r\n".encode())  # nobody waits for the answer: there is nothing to learn
    return outcome


def _sign_in(tags: Iterator[str], sasl: Secret[bytes], offered: tuple[str, ...] | None) -> Dialogue[Evidence | None]:
    """Authenticates, in one step where the server may take it, or else in two; none when the server said OK."""
    if offered is not None and not _offers_mechanism(offered):
        yield Enter(Stage.CAPABILITY)
        return _no_mechanism(offered)
    yield Enter(Stage.AUTH)
    if offered is None or "SASL-IR" in offered:
        tag = next(tags)
        end = yield from _authenticate_at_once(tag, sasl)
        if not _is_not_understood(end):
            return (yield from _settle(tag, end))
        missing = yield from _ask_capabilities(next(tags))
        if missing:
            return missing
        yield Enter(Stage.AUTH)
    return (yield from _authenticate_in_two_steps(next(tags), sasl))


def _authenticate_at_once(tag: str, sasl: Secret[bytes]) -> Dialogue[Response]:
    command = f"{tag} AUTHENTICATE {MECHANISM} "
    yield Send(Secret(command.encode() + sasl.reveal() + b"\r\n"), shown=f"{command}{sasl}")
    return (yield from _answer(tag))


def _authenticate_in_two_steps(tag: str, sasl: Secret[bytes]) -> Dialogue[Evidence | None]:
    yield Send(f"{tag} AUTHENTICATE {MECHANISM}\r\n".encode())
    end = yield from _answer(tag)
    if _is_ok(end):  # without having seen the token
        return _evidence(Stage.AUTH, Malformed(end.raw), UNREAD)
    if not isinstance(end, Continuation):
        return _evidence(Stage.AUTH, end, UNREAD)
    yield Send(Secret(sasl.reveal() + b"\r\n"), shown=str(sasl))
    end = yield from _answer(tag)
    return (yield from _settle(tag, end))


def _settle(tag: str, end: Response) -> Dialogue[Evidence | None]:
    """The server's verdict on the token, which it has; what it explains in a challenge goes into the evidence."""
    end, explained = yield from answer_challenges(end, _challenge, lambda: _answer(tag))
    return None if _is_ok(end) else _evidence(Stage.AUTH, end, explained)


def _ask_capabilities(tag: str) -> Dialogue[Evidence | None]:
    """Evidence when the server does not offer our mechanism, or will not say."""
    yield Enter(Stage.CAPABILITY)
    yield Send(f"{tag} CAPABILITY\r\n".encode())
    offered: list[str] = []
    end = yield from _answer(tag, CAPABILITY=lambda rest: offered.extend(_words(rest)))
    if not _is_ok(end):
        return _evidence(Stage.CAPABILITY, end)
    return None if _offers_mechanism(offered) else _no_mechanism(offered)


def _list(tag: str) -> Dialogue[Listing | Evidence]:
    """All folders. Exchange may accept the token and say only here that it did not open the mailbox."""
    yield Enter(Stage.LIST)
    yield Send(f'{tag} LIST "" "*"\r\n'.encode())
    answers = Answers()
    # LIST is what was asked; some servers answer in the words of its predecessor or of its sibling.
    end = yield from _answer(tag, answers.pass_over, LIST=answers.read, XLIST=answers.read, LSUB=answers.read)
    return answers.listing() if _is_ok(end) else _evidence(Stage.LIST, end)


def _answer(
    tag: str, pass_over: Callable[[bytes], bool] = lambda _: False, **readers: Callable[[bytes], None]
) -> Dialogue[Response]:
    """Reads until the command with this tag ends, or cannot go on, and returns what ended it.

    That is its tagged status, a continuation request, BYE, or `Malformed`, unless `pass_over` says of the line that it
    is no reason to stop. A server may send data and remarks whenever it likes (RFC 3501 section 7): data goes to the
    reader of its keyword, the rest is passed over. It is read as it comes, so that a long listing takes its time
    between two reads and not all at once behind the last.
    """
    while True:
        response = yield from read_response()
        match response:
            case Data(keyword, rest):
                if keyword in readers:
                    readers[keyword](rest)
            case Status(tag="*", condition="OK" | "NO" | "BAD" | "PREAUTH"):
                continue
            case Malformed(raw) if pass_over(raw):
                continue
            case Status(tag=other) if other not in {"*", tag}:
                return Malformed(response.raw)
            case _:
                return response


def _words(rest: bytes) -> list[str]:
    return rest.decode("ascii", "replace").upper().split()


def _is_ok(end: Response) -> bool:
    return isinstance(end, Status) and end.condition == "OK"


def _challenge(end: Response) -> str | None:
    return end.text if isinstance(end, Continuation) else None


def _is_not_understood(end: Response) -> bool:
    return isinstance(end, Status) and end.condition == "BAD" and not throttled(end.text)


def _offers_mechanism(offered: Sequence[str]) -> bool:
    return f"AUTH={MECHANISM}" in offered


def _no_mechanism(offered: Sequence[str]) -> Evidence:
    return refusal(MailProtocol.IMAP, Stage.CAPABILITY, Fault.NO_MECHANISM, " ".join(offered))


def _evidence(stage: Stage, end: Response, known: Mapping[str, str] = NO_DETAILS) -> Evidence:
    """Evidence of a status other than OK, or of a response that does not belong where it came."""
    if isinstance(end, Status):
        return refusal(MailProtocol.IMAP, stage, end.condition, end.text, known)
    return refusal(MailProtocol.IMAP, stage, Fault.MALFORMED, end.raw, known)
