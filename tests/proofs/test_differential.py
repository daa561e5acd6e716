"""What tells causes apart, seen by the whole check: the lab is in a state, and the causes that are left are told.

The decision table itself is tests/diagnosis/decisions.py, in the words of cause_words.py; here each finding comes
about on the wire, and not from a test's hand.
"""

import pytest

from lab.world import World
from mailcheck.model.request import MailProtocol
from tests.diagnosis.cause_words import told
from tests.proofs.kit import checked, diagnosis_in, export

# State of the lab, mailbox, protocols (the first is the one that fails), canary -> entry and causes.
ROWS = [
    # the token's claims
    ("role-missing-imap", "shared", "imap", "", "imap-sign-in-refused: role!"),
    ("role-missing-imap", "shared", "imap pop", "", "imap-sign-in-refused: role!"),
    ("role-missing-pop", "shared", "pop imap", "", "pop-sign-in-refused: role!"),
    ("audience-graph", "shared", "imap", "",
     "imap-sign-in-refused: audience+ grant? object-id? address? switch? passing?"),
    ("token-delegated", "shared", "imap", "", "imap-sign-in-refused: user!"),
    ("token-too-long", "shared", "pop", "", "pop-protocol-error: too-long+ passing+ between?"),
    # another protocol
    ("", "no-imap", "imap", "", "imap-not-connected: switch+ grant? object-id? address? passing?"),
    ("", "no-imap", "imap pop", "", "imap-not-connected: switch+ passing?"),
    ("", "no-imap", "imap smtp", "", "imap-not-connected: switch+ access? passing?"),
    ("", "no-pop", "pop", "", "pop-sign-in-refused: grant+ object-id? switch? address? passing?"),
    ("", "no-pop", "pop imap", "", "pop-sign-in-refused: switch+ passing?"),
    ("smtp-by-rbac", "app-rbac", "imap smtp", "", "imap-sign-in-refused: access+ switch? passing?"),
    # the canary
    ("", "not-granted", "imap", "", "imap-sign-in-refused: grant+ object-id? address? switch? passing?"),
    ("", "not-granted", "imap", "info", "imap-sign-in-refused: access+ address? switch? passing?"),
    ("", "not-granted", "pop", "info", "pop-sign-in-refused: access+ switch? address? passing?"),
    ("", "not-granted", "smtp", "info", "smtp-sign-in-refused: access+ address? passing?"),
    ("principal-missing", "shared", "imap", "info", "imap-sign-in-refused: unknown-app+ passing+ object-id?"),
    ("principal-wrong-object-id", "shared", "pop", "info", "pop-sign-in-refused: unknown-app+ passing+ object-id?"),
    ("exchange-incident", "shared", "imap pop smtp", "info", "imap-sign-in-refused: unknown-app+ passing+ object-id?"),
    ("imap-incident", "shared", "imap pop", "info", "imap-sign-in-refused: passing+ switch?"),
    ("role-missing-imap", "shared", "imap pop", "info", "imap-sign-in-refused: role!"),
    # the reason in brackets
    ("", "logon-denied", "imap", "", "imap-sign-in-refused: grant+ object-id? address? switch? passing?"),
    ("", "no-recipient", "imap", "", "imap-sign-in-refused: address? grant? object-id? switch? passing?"),
    # SMTP and its two set-ups
    ("role-missing-smtp", "shared", "smtp", "",
     "smtp-sign-in-refused: role-set-up+ rbac-set-up+ grant? object-id? address? passing?"),
    ("role-missing-smtp", "shared", "smtp imap", "", "smtp-sign-in-refused: role-set-up+ rbac-set-up+ passing?"),
    ("smtp-by-rbac", "not-granted", "smtp", "app-rbac", "smtp-sign-in-refused: rbac-set-up+ address? passing?"),
    ("", "app-rbac", "smtp", "", "smtp-sign-in-refused: grant+ object-id? address? passing?"),
    # certificates of servers, identities, credentials
    ("server-certificate-untrusted", "shared", "imap", "", "server-not-trusted: inspection+ other-server?"),
    ("server-certificate-expired", "shared", "pop", "", "server-not-trusted: inspection+ clock? other-server?"),
    ("identity-user-assigned-only", "shared", "imap", "", "managed-identity-refused: user-assigned+ starting?"),
    ("identity-not-assigned", "shared", "imap", "", "managed-identity-refused: unassigned+ starting?"),
    ("identity-down", "shared", "imap", "", "managed-identity-refused: starting+ user-assigned?"),
    ("certificate-disabled", "shared", "imap", "", "certificate-disabled: certificate-off+ pending?"),
    ("secret-disabled", "shared", "imap", "", "certificate-disabled: secret-off+"),
    ("certificate-not-found", "shared", "imap", "", "certificate-not-in-vault: certificate-name!"),
    ("secret-not-found", "shared", "imap", "", "certificate-not-in-vault: secret-name!"),
    ("certificate-not-exportable", "shared", "imap", "", "certificate-without-key: withheld!"),
    ("certificate-public-only", "shared", "imap", "", "certificate-without-key: public+ withheld?"),
    ("secret-id", "shared", "imap", "", "client-secret-unreadable: secret-id+ other-text?"),
    ("secret-with-line-end", "shared", "imap", "", "client-secret-unreadable: space+ other-text?"),
    ("secret-is-certificate", "shared", "imap", "", "client-secret-unreadable: no-secret+ other-text?"),
    ("secret-wrong", "shared", "imap", "", "client-secret-wrong: secret-value+ other-app?"),
    ("secret-expired-in-entra", "shared", "imap", "", "client-secret-expired-in-entra: secret-old!"),
    ("entra-answers=7000215", "shared", "imap", "", "client-secret-wrong: authority+ bug?"),
    ("vault-challenge", "shared", "imap", "", "vault-address-wrong: suffix+"),
    ("vault-error", "shared", "imap", "", "vault-busy: passing+ between?"),
]  # fmt: skip


@pytest.mark.parametrize("scenario, mailbox, asked, canary, expected", ROWS)
async def test_the_whole_check_tells_causes_apart(
    scenario: str, mailbox: str, asked: str, canary: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the state of the lab to the causes, the likeliest first."""
    protocols = tuple(MailProtocol(name) for name in asked.split())
    async with World(scenario=scenario or None) as world:
        settings = world.settings()
        if canary:
            settings["MAILCHECK_CANARY"] = f"{canary}@contoso.com"
        export(settings, monkeypatch)
        diagnosis = diagnosis_in(await checked(settings, f"{mailbox}@contoso.com", *protocols), protocols[0])
    assert f"{diagnosis.id}: {told(diagnosis)}" == expected
