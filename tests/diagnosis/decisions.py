"""The decision table: what was seen, what else is known, and what is then told, the likeliest cause first.

A row has the entry's id, the evidence, the rest of the check, and each cause that is left by its word (see
cause_words.py): `!` is a certain one, `+` a likely and `?` a possible one.
"""

from dataclasses import replace

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.findings import TOKEN_LIMIT
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import CredentialKind, Endpoint, MailProtocol
from tests.diagnosis.kit import (
    EXCHANGE,
    GRAPH,
    IMAP,
    NOT_CONNECTED,
    ONLY_IMAP,
    ONLY_POP,
    POP,
    POP_REFUSED,
    REFUSED,
    SMTP,
    SMTP_REFUSED,
    at,
    known,
)

_SECRET = replace(known(), app=replace(known().app, credential=CredentialKind.SECRET))

_FOR_GRAPH = known(roles=(), audience=GRAPH)
_USER = known(roles=(), scopes=("IMAP.AccessAsUser.All",))
_DENIED, _UNKNOWN, _BOTH = "AuthFailed:LogonDenied-None", 'Error="x" NoADRecipient', "LogonDenied NoADRecipient"
_LONG = known(token_length=TOKEN_LIMIT + 1)
_ON_465 = replace(known(), endpoint=Endpoint("smtp.office365.com", 465))
_NEITHER = known(canary_refused=tuple(MailProtocol))


def _with_reason(evidence: Evidence, reason: str) -> Evidence:
    return replace(evidence, details={**evidence.details, "reason": reason})


def _by_exchange(evidence: Evidence) -> Evidence:
    return replace(evidence, details={**evidence.details, "server": "a.b"})


_HUNG_UP = at(Stage.AUTH, "-ERR", "Protocol error. Connection is closed. 10", POP)
_OUT_OF_ORDER = at(Stage.AUTH, "-ERR", "Command is not valid in this state.", POP)
_UNREAD = at(Stage.AUTH, "NO", "no", IMAP, token="unread")
_NOT_UNDERSTOOD = at(Stage.AUTH, "BAD", "Command Argument Error. 11", IMAP)
_NO_CAPABILITY = at(Stage.CAPABILITY, "BAD", "Command Error. 10", IMAP)
_IDENTITY = at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "400, none", status="400")
_NOT_ANSWERED = at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "timed out")
_NAMED = at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "400, none", status="400", identity_client_id="77")
_NAMED_BUSY = replace(_NAMED, details={**_NAMED.details, "status": "502"})

type Row = tuple[str, Evidence, Circumstances, str]

DECISIONS: tuple[Row, ...] = (
    # a refusal by IMAP: nothing else is known
    ("imap-sign-in-refused", REFUSED, known(), "grant+ object-id? address? switch? passing?"),
    # ... the token's claims: a missing role is certain, but the audience outranks it
    ("imap-sign-in-refused", REFUSED, known(roles=ONLY_POP), "role!"),
    ("imap-sign-in-refused", REFUSED, known(roles=()), "role!"),
    ("imap-sign-in-refused", REFUSED, known(audience=GRAPH), "audience+ grant? object-id? address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, _FOR_GRAPH, "audience+ grant? object-id? address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, _USER, "user!"),
    ("imap-sign-in-refused", REFUSED, known(scopes=("x",)), "grant+ object-id? address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(roles=(), audience=GRAPH, scopes=("Mail.Read",)),
     "audience+ grant? object-id? address? switch? passing?"),
    # ... Exchange by another of its names is Exchange
    ("imap-sign-in-refused", REFUSED, known(audience=f"{EXCHANGE}/"), "grant+ object-id? address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(audience="https://ps.outlook.com"),
     "grant+ object-id? address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(audience="00000002-0000-0ff1-ce00-000000000000"),
     "grant+ object-id? address? switch? passing?"),
    # ... another protocol: POP opened the mailbox, so it is not the grant; SMTP did, so Exchange knows the app
    ("imap-sign-in-refused", REFUSED, known(opened=(POP,)), "switch+ passing?"),
    ("imap-sign-in-refused", REFUSED, known(opened=(POP,), audience=GRAPH), "switch+ passing?"),
    ("imap-sign-in-refused", REFUSED, known(opened=(POP,), roles=ONLY_POP), "role!"),
    ("imap-sign-in-refused", REFUSED, known(opened=(SMTP,)), "access+ switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(opened=(POP, SMTP)), "switch+ passing?"),
    # ... the canary: it opens, so it is this mailbox; it fails too, so it is the app or Microsoft
    ("imap-sign-in-refused", REFUSED, known(canary_opened=(IMAP,)), "access+ address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(canary_opened=(IMAP,), audience=GRAPH),
     "access+ address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(canary_opened=(IMAP,), roles=()), "access+ address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(canary_opened=(IMAP,), roles=(), scopes=("x",)),
     "access+ address? switch? passing?"),
    ("imap-sign-in-refused", REFUSED, known(canary_opened=(IMAP,), opened=(POP,)), "switch+ passing?"),
    ("imap-sign-in-refused", REFUSED, _NEITHER, "unknown-app+ passing+ object-id?"),
    ("imap-sign-in-refused", REFUSED, known(roles=ONLY_POP, canary_refused=(IMAP,)), "role!"),
    ("imap-sign-in-refused", REFUSED, known(audience=GRAPH, canary_refused=(IMAP,)),
     "audience+ unknown-app+ passing+ object-id?"),
    ("imap-sign-in-refused", REFUSED, known(canary_refused=(IMAP,), opened=(POP,)), "passing+ switch?"),
    ("imap-sign-in-refused", REFUSED, known(canary_refused=(IMAP,), opened=(SMTP,)), "passing+"),
    ("imap-sign-in-refused", REFUSED, known(canary_refused=(IMAP,), canary_opened=(POP,)), "passing+ object-id?"),
    ("imap-sign-in-refused", REFUSED, known(canary_refused=(POP,)), "grant+ object-id? address? switch? passing?"),
    # ... the reason that Exchange gives in brackets
    ("imap-sign-in-refused", _with_reason(REFUSED, _DENIED), known(), "grant+ object-id? address? switch? passing?"),
    ("imap-sign-in-refused", _with_reason(REFUSED, _UNKNOWN), known(), "address? grant? object-id? switch? passing?"),
    ("imap-sign-in-refused", _with_reason(REFUSED, _BOTH), known(), "grant+ address? object-id? switch? passing?"),
    ("imap-sign-in-refused", _with_reason(REFUSED, _UNKNOWN), known(opened=(POP,)), "switch+ passing?"),
    ("imap-sign-in-refused", _with_reason(REFUSED, _UNKNOWN), known(opened=(SMTP,)), "access+ switch? passing?"),
    ("imap-sign-in-refused", _with_reason(REFUSED, _UNKNOWN), _NEITHER, "unknown-app+ passing+ object-id?"),
    # the sign-in is accepted, and the mailbox does not open
    ("imap-not-connected", NOT_CONNECTED, known(), "switch+ grant? object-id? address? passing? ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, known(roles=ONLY_POP), "role!"),
    ("imap-not-connected", NOT_CONNECTED, _FOR_GRAPH,
     "audience+ switch? grant? object-id? address? passing? ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, _USER, "user!"),
    ("imap-not-connected", NOT_CONNECTED, known(audience=GRAPH, roles=(), scopes=("x",)),
     "audience+ switch? grant? object-id? address? passing? ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, known(opened=(POP,)), "switch+ passing?"),
    ("imap-not-connected", NOT_CONNECTED, known(opened=(SMTP,)), "switch+ access? passing? ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, known(opened=(POP, SMTP)), "switch+ passing?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_opened=(IMAP,)), "switch+ access? address? passing?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_opened=(IMAP,), opened=(POP,)), "switch+ passing?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_opened=(IMAP,), roles=()), "switch+ access? address? passing?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_opened=(IMAP,), roles=(), scopes=("x",)),
     "switch+ access? address? passing?"),
    ("imap-not-connected", NOT_CONNECTED, _NEITHER, "passing+ unknown-app? object-id? ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_refused=(IMAP,), opened=(POP,)), "passing+ switch?"),
    ("imap-not-connected", NOT_CONNECTED, known(canary_refused=(IMAP,), opened=(SMTP,)), "passing+ ipv6?"),
    ("imap-not-connected", NOT_CONNECTED, known(over_ipv4=True),
     "switch+ grant? object-id? address? passing?"),
    ("imap-not-connected", _with_reason(NOT_CONNECTED, _UNKNOWN), known(),
     "switch+ address? grant? object-id? passing? ipv6?"),
    ("imap-not-connected", _with_reason(NOT_CONNECTED, _UNKNOWN), known(opened=(POP,)), "switch+ passing?"),
    ("imap-not-connected", _with_reason(NOT_CONNECTED, _UNKNOWN), known(opened=(SMTP,)),
     "switch+ access? passing? ipv6?"),
    ("imap-not-connected", _with_reason(NOT_CONNECTED, _UNKNOWN), _NEITHER,
     "passing+ unknown-app? object-id? ipv6?"),
    # a refusal by POP
    ("pop-sign-in-refused", POP_REFUSED, known(), "grant+ object-id? switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(roles=ONLY_IMAP), "role!"),
    ("pop-sign-in-refused", POP_REFUSED, _FOR_GRAPH, "audience+ grant? object-id? switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, _USER, "user!"),
    ("pop-sign-in-refused", POP_REFUSED, known(audience=GRAPH, roles=(), scopes=("x",)),
     "audience+ grant? object-id? switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(opened=(IMAP,)), "switch+ passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(opened=(SMTP,)), "access+ switch? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(opened=(IMAP, SMTP)), "switch+ passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_opened=(POP,)), "access+ switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_opened=(POP,), opened=(IMAP,)), "switch+ passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_opened=(POP,), roles=()), "access+ switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_opened=(POP,), roles=(), scopes=("x",)),
     "access+ switch? address? passing?"),
    ("pop-sign-in-refused", POP_REFUSED, _NEITHER, "unknown-app+ passing+ object-id?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_refused=(POP,), opened=(IMAP,)), "passing+ switch?"),
    ("pop-sign-in-refused", POP_REFUSED, known(canary_refused=(POP,), opened=(SMTP,)), "passing+"),
    ("pop-sign-in-refused", _with_reason(POP_REFUSED, _UNKNOWN), known(),
     "address? grant? object-id? switch? passing?"),
    ("pop-sign-in-refused", _with_reason(POP_REFUSED, _BOTH), known(), "grant+ address? object-id? switch? passing?"),
    ("pop-sign-in-refused", _with_reason(POP_REFUSED, _UNKNOWN), known(opened=(IMAP,)), "switch+ passing?"),
    ("pop-sign-in-refused", _with_reason(POP_REFUSED, _UNKNOWN), known(opened=(SMTP,)), "access+ switch? passing?"),
    ("pop-sign-in-refused", _with_reason(POP_REFUSED, _UNKNOWN), _NEITHER, "unknown-app+ passing+ object-id?"),
    # a refusal by SMTP: two set-ups, so a missing role is never certain, and no switch, which Exchange would have named
    ("smtp-sign-in-refused", SMTP_REFUSED, known(), "grant+ object-id? address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(roles=ONLY_IMAP),
     "role-set-up+ rbac-set-up+ grant? object-id? address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, _FOR_GRAPH, "audience+ grant? object-id? address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(audience=GRAPH), "audience+ grant? object-id? address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, _USER, "user!"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(audience=GRAPH, roles=(), scopes=("x",)),
     "audience+ grant? object-id? address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(opened=(IMAP,)), "passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(opened=(IMAP,), roles=ONLY_IMAP),
     "role-set-up+ rbac-set-up+ passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(canary_opened=(SMTP,)), "access+ address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(canary_opened=(SMTP,), roles=ONLY_IMAP),
     "rbac-set-up+ address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(canary_opened=(SMTP,), opened=(IMAP,)), "passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(canary_opened=(SMTP,), roles=(), scopes=("x",)),
     "address? passing?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, _NEITHER, "unknown-app+ passing+ object-id?"),
    ("smtp-sign-in-refused", SMTP_REFUSED, known(roles=ONLY_IMAP, canary_refused=(SMTP,)),
     "role-set-up+ rbac-set-up+ unknown-app+ passing+ object-id?"),
    ("smtp-refused", at(Stage.GREETING, "554", "no", SMTP), known(), "not-exchange? passing?"),
    ("smtp-refused", at(Stage.GREETING, "554", "no", SMTP), _NEITHER, "passing+ not-exchange?"),
    ("smtp-basic-authentication", at(Stage.AUTH, "550", "no", SMTP, code="5.7.30"), known(), "password? passing?"),
    ("smtp-basic-authentication", at(Stage.AUTH, "550", "no", SMTP, code="5.7.30"), _NEITHER, "passing+ password?"),
    ("smtp-not-understood", at(Stage.AUTH, "501", "no", SMTP, code="5.5.124"), known(), "altered+ passing?"),
    ("smtp-not-understood", at(Stage.AUTH, "501", "no", SMTP), _NEITHER, "altered+ passing+"),
    # a talk that breaks off or stays silent: how long is the token, and which port is it?
    ("server-closed", at(Stage.AUTH, Fault.CLOSED, "", IMAP), known(), "overloaded+ cut? crowded?"),
    ("server-closed", at(Stage.AUTH, Fault.CLOSED, "", IMAP), _LONG, "overloaded+ cut? too-long? crowded?"),
    ("server-closed", at(Stage.LIST, Fault.CLOSED, "", IMAP), _LONG, "overloaded+ cut? crowded?"),
    ("server-silent", at(Stage.GREETING, Fault.TIMEOUT, "", SMTP), known(), "slow? swallowed?"),
    ("server-silent", at(Stage.GREETING, Fault.TIMEOUT, "", SMTP), _ON_465, "tls-port+ slow? swallowed?"),
    ("server-silent", at(Stage.AUTH, Fault.TIMEOUT, "", SMTP), _ON_465, "slow? swallowed?"),
    # lines at the sign-in that are not about the app: whose server is it?
    ("pop-protocol-error", _HUNG_UP, known(), "between+ too-long? passing?"),
    ("pop-protocol-error", _HUNG_UP, known(token_length=TOKEN_LIMIT), "between+ too-long? passing?"),
    ("pop-protocol-error", _HUNG_UP, _LONG, "too-long+ between+ passing?"),
    ("pop-protocol-error", _by_exchange(_HUNG_UP), known(), "passing+ too-long? between?"),
    ("command-out-of-order", _OUT_OF_ORDER, known(), "between+ passing?"),
    ("command-out-of-order", _by_exchange(_OUT_OF_ORDER), known(), "passing+ between?"),
    ("sign-in-not-begun", _UNREAD, known(roles=()), "between+ passing?"),
    ("sign-in-not-begun", _by_exchange(_UNREAD), known(roles=()), "passing+ between?"),
    ("command-not-understood", _NOT_UNDERSTOOD, known(), "between+ passing?"),
    ("command-not-understood", _by_exchange(_NOT_UNDERSTOOD), known(), "passing+ between?"),
    ("imap-refused", _NO_CAPABILITY, known(), "between+ passing?"),
    ("imap-refused", _by_exchange(_NO_CAPABILITY), known(), "passing+ between?"),
    # certificates of servers: a proxy, or a clock
    ("server-not-trusted", at(Stage.TLS, Fault.UNTRUSTED, "", IMAP), known(), "inspection+ other-server?"),
    ("server-not-trusted", at(Stage.TLS, Fault.EXPIRED, "", IMAP), known(), "inspection+ clock? other-server?"),
    ("entra-unreachable", at(Stage.TOKEN, Fault.TIMEOUT), known(), "network+ inspection?"),
    ("entra-unreachable", at(Stage.TOKEN, Fault.UNTRUSTED), known(), "inspection+"),
    ("entra-unreachable", at(Stage.TOKEN, Fault.NOT_YET_VALID), known(), "inspection+ clock?"),
    ("vault-busy", at(Stage.VAULT, "503"), known(), "passing+ between?"),
    ("vault-unreachable", at(Stage.VAULT, Fault.REFUSED), known(), "network+ inspection? passing?"),
    ("vault-unreachable", at(Stage.VAULT, Fault.UNTRUSTED), known(), "inspection+"),
    ("vault-unreachable", at(Stage.VAULT, Fault.EXPIRED), known(), "inspection+ clock?"),
    ("vault-address-wrong", at(Stage.VAULT, "404"), known(), "suffix?"),
    ("vault-address-wrong", at(Stage.VAULT, Fault.CHALLENGE_MISMATCH), known(), "suffix+"),
    # the managed identity
    ("managed-identity-refused", _IDENTITY, known(), "user-assigned+ starting?"),
    ("managed-identity-refused", _NAMED, known(), "unassigned+ starting?"),
    ("managed-identity-refused", _NOT_ANSWERED, known(), "starting+ user-assigned?"),
    ("managed-identity-refused", _NAMED_BUSY, known(), "starting+ unassigned+"),
    # certificate or client secret
    ("certificate-disabled", at(Stage.VAULT, "SecretDisabled"), known(), "certificate-off+ pending?"),
    ("certificate-disabled", at(Stage.VAULT, "SecretDisabled"), _SECRET, "secret-off+"),
    ("certificate-not-in-vault", at(Stage.VAULT, "SecretNotFound"), known(), "certificate-name!"),
    ("certificate-not-in-vault", at(Stage.VAULT, "SecretNotFound"), _SECRET, "secret-name!"),
    ("certificate-without-key", at(Stage.CERTIFICATE, Fault.NO_PRIVATE_KEY), known(), "public+ withheld?"),
    ("certificate-without-key", at(Stage.CERTIFICATE, Fault.NO_PRIVATE_KEY, managed="true"), known(), "withheld!"),
    ("client-secret-unreadable", at(Stage.SECRET, Fault.UNREADABLE, found="empty"), _SECRET, "other-text+ no-secret?"),
    ("client-secret-unreadable", at(Stage.SECRET, Fault.UNREADABLE, found="id"), _SECRET, "secret-id+ other-text?"),
    ("client-secret-unreadable", at(Stage.SECRET, Fault.UNREADABLE, found="line-end"), _SECRET, "space+ other-text?"),
    ("client-secret-unreadable", at(Stage.SECRET, Fault.UNREADABLE, found="certificate"), _SECRET,
     "no-secret+ other-text?"),
    ("client-secret-wrong", at(Stage.TOKEN, "AADSTS7000215"), known(), "authority+ bug?"),
    ("client-secret-wrong", at(Stage.TOKEN, "AADSTS7000215"), _SECRET, "secret-value+ other-app?"),
    ("client-secret-expired-in-entra", at(Stage.TOKEN, "AADSTS7000222"), known(), "authority+ bug?"),
    ("client-secret-expired-in-entra", at(Stage.TOKEN, "AADSTS7000222"), _SECRET, "secret-old!"),
)  # fmt: skip
