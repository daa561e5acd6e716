"""What an administrator sets for the whole organisation, not for one mailbox."""

from dataclasses import dataclass, field

from lab.tenant import MAIL_PRINCIPAL_ID


@dataclass
class Organization:
    """Exchange's settings of the tenant; a change holds from the next sign-in on.

    Attributes:
        smtp_auth_disabled: `Set-TransportConfig -SmtpClientAuthenticationDisabled`; a mailbox may have its own value.
        service_principals: Object ids that were registered with `New-ServicePrincipal -ObjectId`. Exchange knows an app
            when the `oid` of its token is among them.
    """

    smtp_auth_disabled: bool = False
    service_principals: set[str] = field(default_factory=lambda: {MAIL_PRINCIPAL_ID})
