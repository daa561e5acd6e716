"""The fault matrix as tables: every case, and the diagnosis that comes of it.

A case is `area/stage/fault`. `EXPECTED` maps each to the id of a diagnosis, or to `healthy`; a combination that makes
no sense is in `EXCLUDED` with the reason. In the patterns `*` is anything, and `|` stands between alternatives.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache
from itertools import product

from tests.faults.http_faults import HTTP_FAULTS
from tests.faults.mail_faults import TALK_FAULTS
from tests.faults.tls_faults import TLS_FAULTS

HEALTHY = "healthy"
ONCE = "-once"  # ends the name of a fault that the first client meets, or the first request, and nobody later


@dataclass(frozen=True)
class Case:
    """One fault at one stage; `area` is the mail protocol, or the service that is asked before it."""

    area: str
    stage: str
    fault: str

    def __str__(self) -> str:
        return f"{self.area}/{self.stage}/{self.fault}"

    def matches(self, pattern: str) -> bool:
        """Whether this pattern is about the case."""
        return all(wanted.fullmatch(part) for part, wanted in zip(self._parts, _compiled(pattern), strict=True))

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self.area, self.stage, self.fault


@cache
def _compiled(pattern: str) -> tuple[re.Pattern[str], ...]:
    """An expression for each part; matching is most of what the tables cost."""
    return tuple(re.compile("|".join(map(translate, part.split("|")))) for part in pattern.split("/"))


DNS_FAULTS = ("not-found", "no-host-name", "try-again", "resolver-failed", "silent")
CONNECT_FAULTS = (
    "refused",
    "silent",
    "refused-then-refused",
    "refused-then-good",
    "silent-then-good",
    "silent-then-refused",
)
_ADDRESS_FAULTS = ("refused", "silent")  # who resolves names for HTTP is the operating system


def _once(*faults: str) -> tuple[str, ...]:
    return tuple(f"{fault}{ONCE}" for fault in faults)


_TALK_ONCE = _once("reset", "close", "half-close", "bye", "unavailable", "throttled-no", "no")
_SERVICE_ONCE = _once(
    "reset", "close", "cut-body", "status-500", "status-503", "status-503-later", "status-503-at-a-date", "status-429"
)

# Each stage of an area, and the faults that are tried there.
STAGES: Mapping[str, Mapping[str, Sequence[str]]] = {
    area: {"dns": DNS_FAULTS, "connect": CONNECT_FAULTS, "tls": (*TLS_FAULTS, *_once("reset", "close", "truncated"))}
    | dict.fromkeys(talk, (*TALK_FAULTS, *_TALK_ONCE))
    for area, talk in {
        "imap": ("greeting", "auth", "capability", "challenge", "refusal", "list", "logout"),
        "pop": ("greeting", "capability", "challenge", "auth", "refusal", "list", "logout"),
        # The extensions are told twice: `hello` is in clear, `capability` under TLS.
        "smtp": ("greeting", "hello", "starttls", "capability", "challenge", "auth", "refusal", "logout"),
    }.items()
} | {
    "identity": {
        "connect": _ADDRESS_FAULTS,
        "answer": (*HTTP_FAULTS, *_once("status-502", "status-504"), *_SERVICE_ONCE),
    },
    "vault": {
        "connect": _ADDRESS_FAULTS,
        "tls": tuple(TLS_FAULTS),
        "challenge": tuple(HTTP_FAULTS),
        "secret": (*HTTP_FAULTS, *_SERVICE_ONCE),
    },
    "token": {
        "connect": _ADDRESS_FAULTS,
        "tls": tuple(TLS_FAULTS),
        "tenant": (*HTTP_FAULTS, *_SERVICE_ONCE),
        "token": (*HTTP_FAULTS, *_SERVICE_ONCE),
    },
}

# Pattern -> why there is no such case.
EXCLUDED: Mapping[str, str] = {
    "identity/answer/silent-for-long": "who asks for the vault's credential waits for both, and cannot tell them apart",
    "vault/*/status-400-json": "a code of Key Vault's own that has no entry is what the diagnosis `unknown` is for",
    "imap/greeting/endless-list": "a greeting is one line; what follows belongs to the next answer",
    "imap/capability|challenge|auth|refusal|list|logout/preauth": "in the middle of a talk it is a remark like others",
    "pop|smtp/*/preauth|throttled-bad|not-connected": "POP and SMTP have no PREAUTH and no BAD",
    "pop/*/wrong-tag|bad": "POP has neither tags nor a code for commands that are none",
    "pop|smtp/*/giant-literal|endless-literals": "POP and SMTP have no literals",
    "pop/greeting|capability|challenge|auth|refusal|list/unsolicited": (
        "POP has no data that nobody asked for: such a line is the answer to the next command"
    ),
    "smtp/greeting|hello|capability|challenge|auth|refusal/unsolicited": "nor has SMTP",
    "pop/greeting|challenge|auth|refusal|list|logout/two-lines|many-lines|endless-list": "the answer is one line",
    "smtp/greeting|starttls|challenge|auth|refusal|logout/two-lines": "the answer is one line",
    "smtp/greeting|hello|starttls/plaintext": "there is no TLS yet",
    "*/greeting|hello|starttls|capability|challenge|refusal|list|logout/echo": "the client told no secret there",
    "*/greeting|capability|challenge|logout/in-use|not-connected": "the server has no mailbox in hand yet",
    "smtp/*/in-use": "SMTP opens no mailbox",
    "*/greeting|hello|starttls|challenge|auth|refusal|list|logout/no-mechanism": "mechanisms are offered elsewhere",
    "imap|pop/*/no-starttls": "TLS comes first",
    "smtp/greeting|starttls|capability|challenge|auth|refusal|logout/no-starttls": "TLS is offered elsewhere",
}

_HARMLESS = (
    "two-lines|one-byte|split-line-end|bare-line-feed|slow|unsolicited|many-lines|long-line|nul-in-text|eight-bit-text"
)
_NO_ANSWER = "garbage|nul|empty-line|other-protocol|http|wrong-tag"
_TOO_MUCH = "endless-line|endless-list|giant-literal|endless-literals"
_SAME_DOCUMENT = (
    "one-byte|slow|chunked|until-the-end|interim|many-headers|two-in-one-packet|byte-order-mark|other-json-type"
    "|wrong-type|no-type|wrong-charset|no-colon"
)
_ANOTHER_BODY = "html|html-as-json|empty|bad-json|half-json|json-*|deep-json|utf-16|not-utf-8|short-length"

# Pattern -> diagnosis; the first that matches decides.
RULES: Mapping[str, str] = {
    "vault/challenge/no-colon": "vault-unreachable",  # what stands behind the odd line is lost, the challenge with it
    f"identity|vault|token/*/{_SAME_DOCUMENT}": HEALTHY,
    "vault|token/tls/tls-1-2|tls-1-3": HEALTHY,
    "identity/*/*": "managed-identity-refused",
    f"vault/challenge/{_ANOTHER_BODY}": HEALTHY,  # what a challenge says stands in its head
    "vault/secret/json-no-values|json-other-object|not-utf-8": "certificate-unreadable",
    "vault/*/status-404": "vault-address-wrong",
    "vault/challenge/status-401": "vault-unreachable",  # a challenge without one
    "vault/*/status-401|status-403": "vault-refused",
    "vault/*/status-429*": "vault-throttled",
    "vault/*/status-500*|status-502|status-503*|status-504": "vault-busy",
    "vault/*/status-*|redirect-*": "vault-no-secret",
    "vault/*/*": "vault-unreachable",
    "token/tenant|token/status-429*": "entra-throttled",
    "token/tenant|token/status-500*|status-502|status-503*|status-504": "entra-busy",
    "token/tenant|token/status-*|redirect-*": "entra-refused",
    "token/*/*": "entra-unreachable",
    "imap|pop|smtp/dns/not-found|no-host-name": "server-not-found",
    "imap|pop|smtp/dns/*": "dns-silent",
    "imap|pop|smtp/connect/refused-then-good|silent-then-good": HEALTHY,
    "imap|pop|smtp/connect/*": "server-unreachable",
    "imap|pop|smtp/tls/one-byte|slow|tls-1-2|tls-1-3": HEALTHY,
    "imap|pop|smtp/tls/expired|not-yet-valid|other-host|untrusted|self-signed": "server-not-trusted",
    "imap|pop|smtp/tls/client-certificate-late": "server-closed",
    "imap|pop|smtp/tls/reset|close|truncated": "connection-reset",
    "imap|pop|smtp/tls/*": "tls-failed",
    "imap|pop|smtp/logout/*": HEALTHY,
    f"imap/refusal/{_HARMLESS}": "imap-sign-in-refused",
    f"pop/refusal/{_HARMLESS}": "pop-sign-in-refused",
    f"smtp/refusal/{_HARMLESS}": "smtp-sign-in-refused",
    f"*/*/{_HARMLESS}": HEALTHY,
    "*/*/no-mechanism": "no-xoauth2",
    "*/*/no-starttls": "no-starttls",
    "*/*/silent|drip|unfinished": "server-silent",
    "*/greeting/reset|close|half-close|truncated|truncated-reset": "server-hung-up-at-once",
    "*/*/reset|close|half-close|truncated|truncated-reset|plaintext": "server-closed",
    f"imap/list/{_TOO_MUCH}": "listing-too-large",
    f"*/list/{_NO_ANSWER}|{_TOO_MUCH}": "listing-unreadable",
    f"*/*/{_NO_ANSWER}|{_TOO_MUCH}|preauth": "not-a-mail-server",
    "smtp/*/bye|unavailable": "smtp-busy",
    "smtp/*/throttled-no": "smtp-connections-limit",
    "smtp/*/bad": "smtp-not-understood",
    "smtp/auth|refusal/no|echo": "smtp-sign-in-refused",
    "smtp/*/no": "smtp-refused",
    "imap/greeting/bye": "server-hung-up-at-once",
    "imap/*/bye": "server-closed",
    "pop/challenge|auth|refusal/bye": "pop-protocol-error",
    "pop/capability/bye": "server-closed",
    "*/*/throttled-no|throttled-bad": "throttled",
    "imap/greeting/no|bad|unavailable": "not-a-mail-server",
    "imap/list/no|bad": "imap-list-refused",
    "imap|pop/list/unavailable": "server-unavailable",
    "pop/greeting|list/no|bye": "pop-refused",
    "pop/capability/no|unavailable": HEALTHY,  # a server need not know CAPA
    "*/*/unavailable": "server-unavailable",
    "*/*/in-use": "mailbox-in-use",
    "imap/*/not-connected": "imap-not-connected",
    "imap/capability/no|bad": "imap-refused",
    "*/challenge/no|bad": "sign-in-not-begun",
    "imap/auth|refusal/bad": "command-not-understood",
    "imap/auth|refusal/no|echo": "imap-sign-in-refused",
    "pop/auth|refusal/no|echo": "pop-sign-in-refused",
}


# What passes at the second try, of the faults that are met once. The others are not tried again.
TRIED_AGAIN = (
    "imap|pop|smtp/tls/*",
    "imap|pop|smtp/greeting/reset|close|half-close",
    "imap/greeting/bye",
    "pop/greeting/unavailable",
    "imap/capability/unavailable",
    "imap|pop/challenge|auth|refusal|list/unavailable",
    "smtp/greeting|hello|starttls|capability|challenge|auth|refusal/bye|unavailable",
    "identity/answer/reset|close|cut-body|status-502|status-503|status-504",
    "vault/secret/reset|close|cut-body|status-500|status-503",
    "token/tenant|token/reset|close|cut-body|status-500|status-503",
)


def _cases() -> Iterator[Case]:
    for area, stages in STAGES.items():
        for stage, faults in stages.items():
            yield from (Case(*one) for one in product([area], [stage], faults))


def lasting(case: Case) -> Case:
    """The same fault on every connection."""
    return replace(case, fault=case.fault.removesuffix(ONCE))


@cache
def rule_of(case: Case) -> str:
    """The first pattern of `RULES` that matches."""
    return next(pattern for pattern in RULES if lasting(case).matches(pattern))


def _decided(case: Case) -> str:
    passes = lasting(case) != case and any(lasting(case).matches(pattern) for pattern in TRIED_AGAIN)
    return HEALTHY if passes else RULES[rule_of(case)]


def _excluded(case: Case) -> bool:
    return any(lasting(case).matches(pattern) for pattern in EXCLUDED)


ALL = tuple(_cases())
CASES = tuple(case for case in ALL if not _excluded(case))
EXPECTED: Mapping[str, str] = {str(case): _decided(case) for case in CASES}
