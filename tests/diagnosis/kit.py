"""What a check may have found, and evidence, for the tables of these tests."""

from types import MappingProxyType

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.match import diagnose
from mailcheck.model.credential import Claims
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, Endpoint, MailProtocol

APP = App("contoso.com", "22222222-3333-4444-8555-666666666666", "https://kv.vault.azure.net", "mailcheck")
EXCHANGE = "https://outlook.office365.com"
ONLY_IMAP, ONLY_POP = ("IMAP.AccessAsApp",), ("POP.AccessAsApp",)
ALL_ROLES = (*ONLY_IMAP, *ONLY_POP, "SMTP.SendAsApp")
IMAP, POP, SMTP = MailProtocol
GRAPH = "https://graph.microsoft.com"
CERTAIN = Likelihood.CERTAIN


def known(
    *,
    roles: tuple[str, ...] = ALL_ROLES,
    audience: str = EXCHANGE,
    scopes: tuple[str, ...] = (),
    opened: tuple[MailProtocol, ...] = (),
    canary_opened: tuple[MailProtocol, ...] = (),
    canary_refused: tuple[MailProtocol, ...] = (),
    over_ipv4: bool = False,
    token_length: int = 2000,
) -> Circumstances:
    """What else a check has found."""
    claims = Claims(audience, roles, "tenant", APP.client_id, "99999999-aaaa-4bbb-8ccc-0000000000ee", None, scopes)
    endpoint = Endpoint("outlook.office365.com", 993)
    return Circumstances(
        APP,
        "o'brien@contoso.com",
        endpoint=endpoint,
        claims=claims,
        opened=frozenset(opened),
        canary_opened=frozenset(canary_opened),
        canary_refused=frozenset(canary_refused),
        over_ipv4=over_ipv4,
        token_length=token_length,
    )


def at(stage: Stage, signal: str, said: str = "", protocol: MailProtocol | None = None, **details: str) -> Evidence:
    """Evidence with these details."""
    return Evidence(stage, signal, said, protocol, MappingProxyType(details))


def fixes(evidence: Evidence) -> list[str]:
    """Every line of every remedy."""
    return [line for cause in diagnose(evidence, known()).causes for line in cause.fix]


REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)


NOT_CONNECTED = Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", IMAP)
POP_REFUSED = Evidence(Stage.AUTH, "-ERR", "Authentication failure: unknown user name or bad password.", POP)
SMTP_REFUSED = at(Stage.AUTH, "535", "5.7.3 Authentication unsuccessful", SMTP, code="5.7.3")
HUNG_UP = at(Stage.AUTH, "-ERR", "Protocol error. Connection is closed. 10", POP, server="a.b")
