"""The talk with a mail server that breaks off, stays silent, or is no mail server's."""

from mailcheck.diagnosis.entry import Again, Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import HEALTH_PAGE, OWN_SERVERS, QUOTE_SERVER, SHORTER_TOKEN
from mailcheck.diagnosis.text import step, when_known
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_HOSTS_PAGE = "https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges"
_BEFORE_MAILBOX = (Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH)
_TALK = (*_BEFORE_MAILBOX, Stage.LIST)
_TO_THE_END = (*_TALK, Stage.LOGOUT)

_OVERLOADED = Explanation(
    "The server is overloaded or being serviced",
    Likelihood.LIKELY,
    "a server that means the app or the mailbox says so before it hangs up",
    (
        step("Check again in some minutes; look at the service health in the Microsoft 365 admin center"),
        QUOTE_SERVER,
    ),
)
_CUT_BETWEEN = Explanation(
    "A device between cut the connection",
    Likelihood.POSSIBLE,
    "firewalls do so with mail protocols",
    (step("Allow TCP {port} to {host} without inspection"),),
)
_CROWDED = Explanation(
    "There are too many connections to this mailbox at the same time",
    Likelihood.POSSIBLE,
    "people report that Exchange closes IMAP connections beyond some twenty for one mailbox; Microsoft names no number",
    (step("Close other clients of the mailbox, and check again"),),
)

_TOKEN_TOO_LONG = Explanation(
    "The token is too long for the server",
    None,
    "some servers close the connection without a word where a line is longer than they read",
    SHORTER_TOKEN,
    ((Given.LONG_TOKEN, Likelihood.POSSIBLE),),
)
_TLS_AT_ONCE = Explanation(
    "The server waits for TLS, and mailcheck for its greeting: port {port} is not for STARTTLS",
    None,
    "mailcheck begins SMTP without TLS and asks for STARTTLS, as Exchange Online wants it on port 587",
    (OWN_SERVERS,),
    ((Given.TLS_PORT, Likelihood.LIKELY),),
)

ENTRIES = (
    Entry(
        "throttled",
        When(_TALK, (Fault.THROTTLED,)),
        "Exchange throttles this app or mailbox",
        (
            Explanation(
                "Too many connections or requests in a short time",
                Likelihood.CERTAIN,
                "Exchange says so; it says nothing of the configuration",
                (
                    when_known(step("Exchange asks to wait {backoff}")),
                    step("Wait before the next check; look for other clients that poll this mailbox"),
                ),
            ),
        ),
        "https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits",
        (
            "transcript imap/throttled-no",
            "transcript imap/throttled-bad",
            "transcript imap/throttled-list",
            "transcript pop/throttled",
            "mailbox throttled imap",
            "mailbox throttled-untimed pop",
            "mailbox throttled-no imap",
            "mailbox throttled-list imap",
            "fault pop/auth/throttled-no",
        ),
    ),
    Entry(
        "server-hung-up-at-once",
        When((Stage.GREETING,), ("BYE", Fault.CLOSED)),
        "{endpoint} hung up before the sign-in",
        (_OVERLOADED, _CUT_BETWEEN),
        HEALTH_PAGE,
        (
            "transcript imap/greeting-bye",
            "scenario exchange-busy",
            "fault imap/greeting/reset",
            "fault pop/greeting/close",
        ),
        again=Again.ONCE,
    ),
    Entry(
        "server-closed",
        When(_TO_THE_END, ("BYE", Fault.CLOSED, Fault.UNREACHABLE, Fault.TLS_FAILED)),
        "The conversation with {endpoint} broke off at the step {stage}",
        (_OVERLOADED, _CUT_BETWEEN, _TOKEN_TOO_LONG, _CROWDED),
        HEALTH_PAGE,
        (
            "transcript imap/bye-at-sign-in",
            "transcript imap/bye-at-list",
            "mailbox closed imap",
            "fault imap/auth/reset",
            "fault pop/list/close",
        ),
    ),
    Entry(
        "server-silent",
        When(_TO_THE_END, (Fault.TIMEOUT,)),
        "{endpoint} did not answer in time at the step {stage}",
        (
            _TLS_AT_ONCE,
            Explanation(
                "The server is slow today",
                Likelihood.POSSIBLE,
                "the connection came about, and then an answer did not come before the deadline",
                (step("Check again; raise MAILCHECK_TIMEOUT if it stays so"), QUOTE_SERVER),
            ),
            Explanation(
                "A device between swallows the traffic",
                Likelihood.POSSIBLE,
                "some firewalls let a connection come about and then pass nothing",
                (step("Allow TCP {port} to {host} without inspection"),),
            ),
        ),
        HEALTH_PAGE,
        ("fault imap/greeting/silent", "fault imap/auth/silent", "fault imap/list/drip"),
    ),
    Entry(
        "no-xoauth2",
        When(_TALK, (Fault.NO_MECHANISM,)),
        "{endpoint} does not offer OAuth (SASL XOAUTH2)",
        (
            Explanation(
                "The server is not Exchange Online, or a proxy strips its capabilities",
                Likelihood.LIKELY,
                "Exchange Online always offers XOAUTH2",
                (OWN_SERVERS, step("Exclude {host} from TLS inspection")),
            ),
        ),
        _HOSTS_PAGE,
        (
            "transcript imap/greeting-without-mechanism",
            "transcript pop/no-mechanism",
            "transcript pop/no-sasl",
            "transcript smtp/no-mechanism",
            "transcript smtp/starttls-injection",
            "scenario xoauth2-filtered",
        ),
    ),
    Entry(
        "no-starttls",
        When((Stage.STARTTLS,), (Fault.NO_STARTTLS,)),
        "{endpoint} offers no TLS",
        (
            Explanation(
                "The server is not Exchange Online, or a proxy strips STARTTLS",
                Likelihood.LIKELY,
                "Exchange Online always offers STARTTLS on port 587, and mailcheck sends no token without TLS",
                (OWN_SERVERS, step("Let {protocol} to {host} pass without a proxy")),
            ),
        ),
        _HOSTS_PAGE,
        (
            "transcript smtp/no-starttls",
            "transcript smtp/starttls-stripped",
            "scenario starttls-filtered smtp",
            "fault smtp/hello/no-starttls",
        ),
    ),
    Entry(
        "listing-too-large",
        When((Stage.LIST,), (Fault.TOO_MUCH,), MailProtocol.IMAP),
        "The mailbox opened, but its list of folders is larger than mailcheck reads",
        (
            Explanation(
                "The mailbox has very many folders, or very long names",
                Likelihood.LIKELY,
                "the sign-in went well, and the app may open the mailbox",
                (
                    when_known(step("mailcheck stopped reading after {limit}")),
                    step("Nothing has to be mended for the app; a mail client may have trouble with as many folders"),
                ),
            ),
        ),
        _HOSTS_PAGE,
        ("fault imap/list/endless-list",),
    ),
    Entry(
        "listing-unreadable",
        When((Stage.LIST,), (Fault.MALFORMED, Fault.TOO_MUCH)),
        "{endpoint} accepted the sign-in, and then answered in a form that is not {protocol}",
        (
            Explanation(
                "A proxy or gateway between changes what the server sends",
                Likelihood.LIKELY,
                "up to the sign-in the server spoke {protocol}",
                (OWN_SERVERS, step("Let {protocol} to {host} pass without a proxy")),
            ),
            Explanation(
                "The server has a passing fault",
                Likelihood.POSSIBLE,
                "the mailbox is on another server than the one that took the sign-in",
                (step("Check again in some minutes"), QUOTE_SERVER),
            ),
        ),
        _HOSTS_PAGE,
        (
            "transcript imap/list-malformed",
            "transcript imap/unasked-continuation",
            "transcript pop/stat-malformed",
            "fault imap/list/garbage",
        ),
    ),
    Entry(
        "not-a-mail-server",
        When(_BEFORE_MAILBOX, (Fault.MALFORMED, Fault.TOO_MUCH, "PREAUTH")),
        "{endpoint} answers, but not as {protocol} servers for OAuth do",
        (
            Explanation(
                "Another service listens there",
                Likelihood.LIKELY,
                "what came at the step {stage} has no place in the talk with Exchange Online",
                (OWN_SERVERS,),
            ),
        ),
        _HOSTS_PAGE,
        (
            "transcript imap/greeting-of-pop",
            "transcript imap/greeting-preauth",
            "transcript imap/wrong-tag",
            "transcript pop/greeting-of-imap",
            "transcript smtp/greeting-of-http",
            "fault imap/greeting/http",
        ),
    ),
)
