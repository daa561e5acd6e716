"""What holds for the whole organisation and its servers, not for one mailbox."""

from dataclasses import dataclass, field

from lab.exchange.protocols import Protocol
from lab.tenant import MAIL_PRINCIPAL_ID


@dataclass
class Organization:
    """Exchange's settings of the tenant, and the state of its servers; a change holds from the next connection on.

    Attributes:
        smtp_auth_disabled: `Set-TransportConfig -SmtpClientAuthenticationDisabled`; a mailbox may have its own value.
        service_principals: Object ids that were registered with `New-ServicePrincipal -ObjectId`. Exchange knows an app
            when the `oid` of its token is among them.
        turning_away: Protocols whose servers greet with a refusal and hang up.
        recovering: Whether a protocol's servers are well again when they have turned one client away.
        failing: Protocols by which no sign-in succeeds, in the words of any other refusal: an incident of the service.
        without_xoauth2: Protocols that offer no XOAUTH2 and do not know it: a device in front of Exchange filters it.
        without_starttls: Whether SMTP offers no STARTTLS and does not know it, for the same reason.
        old_tls: Whether Exchange sees a TLS by SMTP that it does not take any more, whatever the client speaks.
        pop_front_end: Whether POP is served by the newer front end, whose greeting names `tcpproxy`, and which hangs up
            on a response longer than FRONT_END_LIMIT.
    """

    smtp_auth_disabled: bool = False
    service_principals: set[str] = field(default_factory=lambda: {MAIL_PRINCIPAL_ID})
    turning_away: set[Protocol] = field(default_factory=set)
    recovering: bool = False
    failing: set[Protocol] = field(default_factory=set)
    without_xoauth2: set[Protocol] = field(default_factory=set)
    without_starttls: bool = False
    old_tls: bool = False
    pop_front_end: bool = False

    def turns_away(self, protocol: Protocol) -> bool:
        """Whether the client that has just connected by this protocol is turned away."""
        found = protocol in self.turning_away
        if self.recovering:
            self.turning_away.discard(protocol)
        return found
