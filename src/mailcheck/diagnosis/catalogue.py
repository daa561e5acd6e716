"""The catalogue: every known failure, in the order in which they are tried; the last matches whatever is left."""

from mailcheck.diagnosis import (
    entries_access,
    entries_answers,
    entries_certificate,
    entries_credential,
    entries_entra,
    entries_identity,
    entries_mail,
    entries_network,
    entries_secret,
    entries_smtp,
    entries_smtp_access,
    entries_talk,
    entries_tenant,
    entries_vault,
    entries_vault_network,
)
from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_PROTOCOLS_PAGE = (
    "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/pop3-and-imap4/pop3-and-imap4"
)
_EVERYWHERE = tuple(Stage)

_OUR_BUG = Entry(
    "our-bug",
    When(_EVERYWHERE, (Fault.BUG,)),
    "mailcheck itself failed; this says nothing of the mailbox",
    (
        Explanation(
            "There is a fault in mailcheck",
            Likelihood.CERTAIN,
            "an error that nobody foresaw; the log has it under the reference {reference}",
            (step("Look for {reference} in the Function App's log, and report what it shows"),),
        ),
    ),
    _PROTOCOLS_PAGE,
    ("exception vault",),
)
_UNKNOWN = Entry(
    "unknown",
    When(_EVERYWHERE),
    "The check failed at the step {stage} in a way that mailcheck does not know",
    (
        Explanation(
            "Not known",
            Likelihood.POSSIBLE,
            "the signal {signal} is not in the catalogue; the evidence and the transcript are all there is",
            (step("Search for the evidence line, and compare the transcript with a mailbox that works"),),
        ),
    ),
    _PROTOCOLS_PAGE,
    ("response unknown",),
)

CATALOGUE: tuple[Entry, ...] = (
    _OUR_BUG,
    *entries_identity.ENTRIES,
    *entries_vault_network.ENTRIES,
    *entries_vault.ENTRIES,
    *entries_certificate.ENTRIES,
    *entries_secret.ENTRIES,
    *entries_credential.ENTRIES,
    *entries_tenant.ENTRIES,
    *entries_access.ENTRIES,
    *entries_entra.ENTRIES,
    *entries_network.ENTRIES,
    *entries_talk.ENTRIES,
    *entries_smtp.ENTRIES,
    *entries_answers.ENTRIES,
    *entries_mail.ENTRIES,
    *entries_smtp_access.ENTRIES,
    _UNKNOWN,
)
