"""The terminal: `python -m mailcheck check ADDRESS`."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TextIO

from mailcheck.faces.report_json import report_json
from mailcheck.faces.report_text import report_text
from mailcheck.faces.wording import not_allowed
from mailcheck.model.problem import Problems
from mailcheck.model.report import NotAllowed, Status
from mailcheck.model.request import CheckRequest, InvalidAddress, Mailbox, MailProtocol
from mailcheck.usecases.check import CheckMailbox


class Exit(IntEnum):
    """Exit codes of the command."""

    HEALTHY = 0
    BROKEN = 1  # broken or degraded
    USAGE = 2
    NOT_CONFIGURED = 3


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was typed; `protocols` is empty when none was named."""

    mailbox: Mailbox
    protocols: tuple[MailProtocol, ...]
    as_json: bool


def parse(argv: Sequence[str], version: str) -> Arguments:
    """The arguments; ends the process with code 2 and a message when they are wrong, 0 after --help or --version."""
    parser = argparse.ArgumentParser(
        prog="python -m mailcheck",
        description="Can this app open this mailbox by IMAP, POP or SMTP, and if not, which setting is wrong?",
        epilog="Exit codes: 0 healthy, 1 broken or degraded, 2 usage, 3 not configured.",
    )
    parser.add_argument("--version", action="version", version=f"mailcheck {version}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="check one mailbox",
        description="Checks one mailbox and prints what was found. Settings come from the environment (README.md).",
    )
    check.add_argument("mailbox", metavar="ADDRESS", type=_mailbox, help="the mailbox, such as shared@contoso.com")
    check.add_argument(
        "--protocol",
        dest="protocols",
        action="append",
        choices=[protocol.value for protocol in MailProtocol],  # plain text: an error shows their repr
        default=[],
        metavar="|".join(MailProtocol),
        help="check by this protocol; may be given more than once (default: MAILCHECK_PROTOCOLS)",
    )
    check.add_argument("--json", dest="as_json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(argv)
    asked = tuple(protocol for protocol in MailProtocol if protocol in given.protocols)
    return Arguments(given.mailbox, asked, given.as_json)


async def run(
    arguments: Arguments,
    check: CheckMailbox | Problems,
    protocols: tuple[MailProtocol, ...],
    *,
    out: TextIO,
    err: TextIO,
) -> Exit:
    """Runs the command: the report goes to `out`, everything else to `err`.

    `check` is the use case, or what keeps it from being configured; `protocols` is checked when none was named.
    """
    if isinstance(check, tuple):
        err.write("mailcheck is not configured:\n")
        err.writelines(f"  {problem}\n" for problem in check)
        return Exit.NOT_CONFIGURED
    if err.isatty():
        err.write(f"checking {arguments.mailbox} ...\n")
    report = await check(CheckRequest(arguments.mailbox, arguments.protocols or protocols))
    if isinstance(report, NotAllowed):
        err.write(f"{not_allowed(report)}\n")
        return Exit.USAGE
    if arguments.as_json:
        out.write(json.dumps(report_json(report), ensure_ascii=False, indent=2) + "\n")
    else:
        out.write(report_text(report, colour=out.isatty()))
    return Exit.HEALTHY if report.status is Status.HEALTHY else Exit.BROKEN


def _mailbox(text: str) -> Mailbox:
    parsed = Mailbox.parse(text)
    if isinstance(parsed, InvalidAddress):
        raise argparse.ArgumentTypeError(f"{text!r} is not a mailbox address: {parsed.reason}")
    return parsed
