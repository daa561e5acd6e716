"""What Exchange says by SMTP (RFC 5321, section 4.2; RFC 2034), and the mark that it puts behind a refusal."""

import datetime as dt
from email.utils import format_datetime

from lab.exchange.session import SERVER

# The name of the front end. The one behind it is in the mark.
HOST = f"{SERVER.partition('.')[0]}.outlook.mailcheck.example"
_FIRST_DAY = dt.datetime.min.replace(tzinfo=dt.UTC)
_TICK = 10  # of which a microsecond has ten

AUTHENTICATION_UNSUCCESSFUL = "535 5.7.3 Authentication unsuccessful"
POLICY = "535 5.7.139 Authentication unsuccessful, "
SWITCHED_OFF_FOR_ALL = (
    f"{POLICY}SmtpClientAuthentication is disabled for the Tenant."
    " Visit https://aka.ms/smtp_auth_disabled for more information."
)
SWITCHED_OFF = f"{POLICY}SmtpClientAuthentication is disabled for the Mailbox."
BASIC_IS_OFF = f"{POLICY}basic authentication is disabled."
BLOCKED = f"{POLICY}the request did not meet the criteria to be authenticated successfully. Contact your administrator."
TOO_MANY_CONNECTIONS = (
    "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information."
    f" [Hostname={SERVER}]"
)
UNAVAILABLE = "454 4.7.0 Temporary authentication failure"  # RFC 4954 section 6; Exchange's own words were never seen
OLD_TLS = (
    "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2."
    " Visit https://aka.ms/smtp_auth_tls."
)
NOT_AUTHENTICATED = "530 5.7.57 Client not authenticated to send mail."
NOT_OFFERED = "504 5.7.4 Unrecognized authentication type"
UNRECOGNIZED = "500 5.3.3 Unrecognized command 'unknown'"
HELLO_FIRST = "503 5.5.2 Send hello first"
BAD_SEQUENCE = "503 5.5.1 Bad sequence of commands"
INVALID_ARGUMENTS = "501 5.5.4 Invalid arguments"
# The codes are those of RFC 4954 section 6, the words ours: Exchange was not seen to meet this.
BAD_BASE64 = "501 5.5.2 Cannot decode the response"
AUTH_LINE_TOO_LONG = "500 5.5.6 Authentication exchange line is too long"
LINE_TOO_LONG = "500 5.5.2 Line too long"
TIMEOUT = "451 4.7.0 Timeout waiting for client input"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors on this connection, closing transmission channel"


class Stamp:
    """The marks of one session: its id, and the time of each reply."""

    def __init__(self, begun: dt.datetime) -> None:
        """Takes the moment of the connection, UTC; as in Exchange, that is where the id comes from."""
        self._begun = begun
        self._id = f"{(begun - _FIRST_DAY) // dt.timedelta(microseconds=1) * _TICK:016X}"

    @property
    def greeting(self) -> str:
        """The first line of a session."""
        return f"220 {HOST} Microsoft ESMTP MAIL Service ready at {format_datetime(self._begun)} [{self._id}]"

    def marked(self, line: str, now: dt.datetime) -> str:
        """The line as it goes out: a refusal with the server's name, the time and the session's id behind it."""
        if line[0] not in "45" or line.endswith("]"):
            return line
        moment = now.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"{line} [{SERVER} {moment}Z {self._id}]"


def several(code: int, *texts: str) -> tuple[str, ...]:
    """A reply of several lines: all but the last have a hyphen behind the code."""
    *first, last = texts
    return (*(f"{code}-{text}" for text in first), f"{code} {last}")
