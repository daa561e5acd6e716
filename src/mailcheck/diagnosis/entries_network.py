"""DNS, TCP, TLS and the server's first words: what goes wrong before anybody signs in."""

from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_HOSTS_PAGE = "https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges"
_SERVER = step("Remove MAILCHECK_IMAP and MAILCHECK_POP, or correct them; MAILCHECK_CLOUD names the right servers")
_TALK = (Stage.GREETING, Stage.CAPABILITY, Stage.AUTH, Stage.LIST)

ENTRIES = (
    Entry(
        "server-not-found",
        When((Stage.DNS,)),
        "The mail server's name {host} is not in DNS",
        (
            Explanation(
                "The server's name in the settings is wrong",
                Likelihood.LIKELY,
                "the name could not be resolved",
                (_SERVER,),
            ),
            Explanation(
                "The network's DNS does not answer for names outside",
                Likelihood.POSSIBLE,
                "a virtual network may have DNS servers of its own",
                (step("Resolve the name from the Function App's console; look at the network's DNS servers"),),
            ),
        ),
        _HOSTS_PAGE,
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
                "Exchange Online listens on 993 for IMAP and on 995 for POP",
                (_SERVER,),
            ),
        ),
        _HOSTS_PAGE,
    ),
    Entry(
        "server-not-trusted",
        When(
            (Stage.TLS,),
            (Fault.UNTRUSTED, Fault.EXPIRED, Fault.NOT_YET_VALID, Fault.HOST_MISMATCH),
        ),
        "The certificate of {endpoint} is not the mail server's own",
        (
            Explanation(
                "A proxy that inspects TLS stands between mailcheck and the server",
                Likelihood.LIKELY,
                "the name or the issuer is not the one that the server shows to the world",
                (step("Exclude {host} from TLS inspection, or name the proxy's authority in MAILCHECK_CA_FILE"),),
            ),
            Explanation(
                "The server in the settings is not Exchange Online",
                Likelihood.POSSIBLE,
                "another server shows another certificate",
                (_SERVER,),
            ),
        ),
        "https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges",
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
                (_SERVER,),
            ),
            Explanation(
                "A device between cuts the handshake, or speaks TLS below 1.2",
                Likelihood.POSSIBLE,
                "mailcheck takes TLS 1.2 and newer only, as Exchange Online does",
                (step("Exclude {host} from TLS inspection"),),
            ),
        ),
        _HOSTS_PAGE,
    ),
    Entry(
        "throttled",
        When(_TALK, (Fault.THROTTLED,)),
        "Exchange throttles this app or mailbox",
        (
            Explanation(
                "Too many connections or requests in a short time",
                Likelihood.CERTAIN,
                "Exchange asks to wait {backoff_ms} milliseconds; this says nothing of the configuration",
                (step("Wait that long before the next check; look for other clients that poll this mailbox"),),
            ),
        ),
        "https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits",
    ),
    Entry(
        "server-closed",
        When(_TALK, ("BYE", Fault.CLOSED)),
        "{endpoint} ended the conversation at {stage}",
        (
            Explanation(
                "The server is overloaded or being serviced",
                Likelihood.LIKELY,
                "a server that means the app or the mailbox says so before it hangs up",
                (step("Check again in some minutes; look at the service health in the Microsoft 365 admin center"),),
            ),
            Explanation(
                "A device between cut the connection",
                Likelihood.POSSIBLE,
                "firewalls do so with mail protocols",
                (step("Allow TCP {port} to {host} without inspection"),),
            ),
        ),
        "https://admin.microsoft.com/#/servicehealth",
    ),
    Entry(
        "server-silent",
        When(_TALK, (Fault.TIMEOUT,)),
        "{endpoint} did not answer in time at {stage}",
        (
            Explanation(
                "The server is slow today",
                Likelihood.POSSIBLE,
                "it answered before, and then not before the deadline",
                (step("Check again; raise MAILCHECK_TIMEOUT if it stays so"),),
            ),
            Explanation(
                "A device between swallows the traffic",
                Likelihood.POSSIBLE,
                "some firewalls let a connection come about and then pass nothing",
                (step("Allow TCP {port} to {host} without inspection"),),
            ),
        ),
        "https://admin.microsoft.com/#/servicehealth",
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
                (_SERVER, step("Exclude {host} from TLS inspection")),
            ),
        ),
        _HOSTS_PAGE,
    ),
    Entry(
        "not-a-mail-server",
        When(_TALK, (Fault.MALFORMED, Fault.TOO_MUCH, "PREAUTH")),
        "{endpoint} answers, but not as an {protocol} server does",
        (
            Explanation(
                "Another service listens there",
                Likelihood.LIKELY,
                "what came at {stage} is not {protocol}",
                (_SERVER,),
            ),
        ),
        _HOSTS_PAGE,
    ),
)
