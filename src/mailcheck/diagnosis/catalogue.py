"""The catalogue: every known failure, in the order in which they are tried; the last two match whatever is left."""

from mailcheck.diagnosis import entries_certificate, entries_mail, entries_network, entries_token, entries_vault
from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_ISSUES = "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/pop3-and-imap4/pop3-and-imap4"
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
    _ISSUES,
)
_UNKNOWN = Entry(
    "unknown",
    When(_EVERYWHERE),
    "The check failed at {stage} in a way that mailcheck does not know",
    (
        Explanation(
            "Not known",
            Likelihood.POSSIBLE,
            "the signal {signal} is not in the catalogue; the evidence and the transcript are all there is",
            (step("Search for the evidence line, and compare the transcript with a mailbox that works"),),
        ),
    ),
    _ISSUES,
)

CATALOGUE: tuple[Entry, ...] = (
    _OUR_BUG,
    *entries_vault.ENTRIES,
    *entries_certificate.ENTRIES,
    *entries_token.ENTRIES,
    *entries_network.ENTRIES,
    *entries_mail.ENTRIES,
    _UNKNOWN,
)
