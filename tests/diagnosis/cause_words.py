"""One word for each cause that the decision table tells apart, and a diagnosis in these words."""

from collections.abc import Mapping

from mailcheck.model.report import Diagnosis, Likelihood

# Word -> a part of the cause that no other cause of the same entry has.
WORDS: Mapping[str, str] = {
    "audience": "The token is for ",
    "user": "stands for a user",
    "role": "token lacks the application role",
    "role-set-up": "by its application role",
    "rbac-set-up": "without that role",
    "grant": "it is not registered in Exchange, or has no",
    "access": "no FullAccess permission for this mailbox",
    "unknown-app": "Exchange does not know the app",
    "object-id": "with another object id",
    "address": "no mailbox of this primary address",
    "switch": "is switched off for this mailbox",
    "passing": "passing fault",
    "ipv6": "over IPv6",
    "too-long": "too long for the server",
    "between": "proxy or gateway stands in between",
    "network": "The way out of the Function App's network",
    "inspection": "proxy that inspects TLS",
    "clock": "clock is wrong",
    "other-server": "The server in the settings is not Exchange",
    "suffix": "suffix of another cloud, or a proxy",
    "starting": "is starting up",
    "unassigned": "is not assigned to the Function App",
    "user-assigned": "has only a user-assigned identity",
    "certificate-off": "version of the certificate was disabled",
    "pending": "still being issued",
    "withheld": "with a key that cannot be exported",
    "public": "public certificate was stored",
    "secret-off": "version of the secret was disabled",
    "certificate-name": "MAILCHECK_CERTIFICATE has a wrong name",
    "secret-name": "MAILCHECK_SECRET has a wrong name",
    "secret-id": "The ID of the client secret",
    "space": "with a space or the end of a line",
    "no-secret": "signs in with a certificate",
    "other-text": "Something else was stored",
    "secret-value": "is not the value of a secret",
    "other-app": "MAILCHECK_CLIENT_ID names another",
    "secret-old": "not renewed in time",
    "authority": "MAILCHECK_AUTHORITY is not Entra",
    "bug": "a fault in mailcheck",
    "not-exchange": "takes no mail from here",
    "password": "signs in with a password",
    "altered": "changes what mailcheck sends",
    "overloaded": "overloaded or being serviced",
    "cut": "cut the connection",
    "crowded": "too many connections",
    "tls-port": "waits for TLS",
    "slow": "slow today",
    "swallowed": "swallows the traffic",
}

_MARKS = {Likelihood.CERTAIN: "!", Likelihood.LIKELY: "+", Likelihood.POSSIBLE: "?"}


def told(diagnosis: Diagnosis) -> str:
    """The causes in these words, in their order; every cause of its entries has one word, and one only."""
    return " ".join(f"{_word(one.cause)}{_MARKS[one.likelihood]}" for one in diagnosis.causes)


def _word(cause: str) -> str:
    (found,) = (word for word, part in WORDS.items() if part in cause)
    return found
