"""DNS, TCP and TLS: what goes wrong before the server says a word."""

from dataclasses import replace

from mailcheck.diagnosis.entry import Again, Entry, Explanation, When
from mailcheck.diagnosis.remedies import CLOCK_WRONG, OWN_SERVERS, inspected
from mailcheck.diagnosis.text import step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_HOSTS_PAGE = "https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges"
_RESOLVE = step("Resolve {host} from the Function App's console; look at the DNS servers of its virtual network")

ENTRIES = (
    Entry(
        "server-not-found",
        When((Stage.DNS,), (Fault.NAME_NOT_FOUND,)),
        "The mail server's name {host} is not in DNS",
        (
            Explanation(
                "The server's name in the settings is wrong",
                Likelihood.LIKELY,
                "DNS answered, and has no such name",
                (OWN_SERVERS,),
            ),
            Explanation(
                "The virtual network has DNS servers of its own, which do not know the name",
                Likelihood.POSSIBLE,
                "a private zone hides the public names below it",
                (_RESOLVE,),
            ),
        ),
        _HOSTS_PAGE,
        ("fault imap/dns/not-found",),
    ),
    Entry(
        "dns-silent",
        When((Stage.DNS,)),
        "DNS gave no answer for the mail server's name {host}",
        (
            Explanation(
                "The DNS servers of the network do not answer, or cannot be reached",
                Likelihood.LIKELY,
                "there was no answer at all; this says nothing of the name",
                (_RESOLVE,),
            ),
            Explanation(
                "DNS has a passing fault",
                Likelihood.POSSIBLE,
                "it happens, and passes",
                (step("Check again in some minutes"),),
            ),
        ),
        _HOSTS_PAGE,
        ("fault imap/dns/silent", "fault imap/dns/try-again"),
    ),
    Entry(
        "connection-reset",
        When((Stage.CONNECT, Stage.TLS), (Fault.CLOSED,)),
        "{endpoint} accepted the connection and broke it off at the step {stage}",
        (
            Explanation(
                "Something else than {protocol} over TLS answers on port {port}",
                Likelihood.POSSIBLE,
                "the connection came about, and ended before it was protected",
                (OWN_SERVERS,),
            ),
            Explanation(
                "A device between cuts the connection",
                Likelihood.POSSIBLE,
                "firewalls that inspect TLS do so with what they do not like",
                (step("Exclude {host} from TLS inspection"),),
            ),
            Explanation(
                "The server has a passing fault",
                Likelihood.POSSIBLE,
                "it happens, and passes",
                (step("Check again in some minutes"),),
            ),
        ),
        _HOSTS_PAGE,
        ("fault imap/tls/reset", "fault pop/tls/close"),
        again=Again.ONCE,
    ),
    Entry(
        "server-unreachable",
        When((Stage.CONNECT,)),
        "No connection to {endpoint}",
        (
            Explanation(
                "A firewall or the network's routes stop TCP port {port}",
                Likelihood.LIKELY,
                "the name was found, but no connection came about",
                (step("Allow TCP {port} from the Function App to {host}"),),
            ),
            Explanation(
                "The server or port in the settings is wrong",
                Likelihood.POSSIBLE,
                "Exchange Online listens on 993 for IMAP, on 995 for POP and on 587 for SMTP",
                (OWN_SERVERS,),
            ),
        ),
        _HOSTS_PAGE,
        (
            "fault imap/connect/refused",
            "fault imap/connect/silent",
        ),
    ),
    Entry(
        "server-not-trusted",
        When(
            (Stage.TLS,),
            (Fault.UNTRUSTED, Fault.EXPIRED, Fault.NOT_YET_VALID, Fault.HOST_MISMATCH),
        ),
        "The certificate of {endpoint} is not the mail server's own",
        (
            replace(inspected(Likelihood.LIKELY, step("Exclude {host} from TLS inspection")), shift=()),
            CLOCK_WRONG,
            Explanation(
                "The server in the settings is not Exchange Online",
                Likelihood.POSSIBLE,
                "another server shows another certificate",
                (OWN_SERVERS,),
            ),
        ),
        _HOSTS_PAGE,
        (
            "fault imap/tls/expired",
            "scenario server-certificate-expired",
            "scenario server-certificate-other-host",
            "scenario server-certificate-untrusted",
            "fault imap/tls/not-yet-valid",
            "fault imap/tls/self-signed",
        ),
    ),
    Entry(
        "tls-failed",
        When((Stage.TLS,)),
        "{endpoint} does not speak TLS with mailcheck",
        (
            Explanation(
                "Something else than {protocol} over TLS answers on port {port}",
                Likelihood.LIKELY,
                "the handshake did not come to an end",
                (OWN_SERVERS,),
            ),
            Explanation(
                "A device between cuts the handshake, or speaks TLS below 1.2",
                Likelihood.POSSIBLE,
                "mailcheck takes TLS 1.2 and newer only, as Exchange Online does",
                (step("Exclude {host} from TLS inspection"),),
            ),
        ),
        _HOSTS_PAGE,
        ("fault imap/tls/garbage", "fault imap/tls/http"),
    ),
)
