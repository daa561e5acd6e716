"""The guide's own words: how to use it, and what stages and faults are called there."""

from collections.abc import Mapping
from typing import Final

from mailcheck.model.evidence import Fault, Stage

INTRODUCTION: Final = """\
# Why a mailbox does not open

Every check that fails ends in one of the diagnoses below: what was seen, what it can mean, and the commands that mend
it. This page explains them all. It is written from the catalogue that mailcheck itself goes by (`make docs`), and each
diagnosis is replayed through a whole check by the test suite.

## How to use this page

- A report or a card names the diagnosis, such as `imap-sign-in-refused`: search this page for it.
- A report lists the steps of the check, with the one that failed; the diagnoses stand here in the order of the steps.
- Without a report, look up what you have seen: [an AADSTS number, an error code of Key Vault, a reply](#what-was-seen).
- For a device or program that sends, such as a scanner, check by SMTP, which is checked only where it is asked for:
  `/mailcheck ADDRESS smtp`, or `--protocol smtp`. What such a device is told itself can be looked up here, too.
- To see how a diagnosis looks in Teams, without a tenant, type what stands at its end; README.md says what it needs.
- Do what stands under the first cause, check again, then go on to the next one. In a report the causes are in the order
  of their likelihood for *your* check; here they are in their order when nothing else is known.

How sure mailcheck is of a cause:

| likelihood | means |
|---|---|
| certain | the evidence leaves no other cause, or nothing can be told of the others until this one is mended |
| likely | this is how it mostly is; the first to look at |
| possible | it fits the evidence, and nothing speaks for it in particular |
| ... where ... | it is named only where the check has found that |

One line of refusal can have many causes, above all `NO AUTHENTICATE failed.` What tells them apart is the rest of the
check, so give it something to compare: check by IMAP **and** POP, and name a mailbox that is known to open in
`MAILCHECK_CANARY`.

## What has to be right

An app opens a mailbox of Microsoft 365 when all of this is true. Each line leads to what is seen when it is not.

1. mailcheck's own identity may read the vault: it has one ([no-managed-identity](#no-managed-identity)), with the role
   *Key Vault Secrets User* ([vault-role-missing](#vault-role-missing)), and the network lets it in
   ([vault-firewall](#vault-firewall), [vault-private](#vault-private)).
2. The vault holds a certificate with an exportable RSA key ([certificate-without-key](#certificate-without-key),
   [certificate-not-rsa](#certificate-not-rsa)) that is in force ([certificate-expired](#certificate-expired)), or a
   client secret ([client-secret-wrong](#client-secret-wrong)).
3. The app registration knows that certificate: its public part is uploaded, again after each renewal
   ([certificate-not-registered](#certificate-not-registered)).
4. The app has an application permission of *Office 365 Exchange Online* for each protocol, `IMAP.AccessAsApp` or
   `POP.AccessAsApp`, with admin consent. Without it Entra mostly gives a token all the same, and Exchange refuses it
   ([imap-sign-in-refused](#imap-sign-in-refused), [pop-sign-in-refused](#pop-sign-in-refused)).
5. Exchange knows the app: `New-ServicePrincipal`, with the object id of the *enterprise application*, and not with the
   one of the app registration ([imap-sign-in-refused](#imap-sign-in-refused)).
6. The app has `FullAccess` to the mailbox (`Add-MailboxPermission`), and the mailbox is asked for by its primary
   address ([imap-sign-in-refused](#imap-sign-in-refused)).
7. The protocol is switched on for the mailbox ([imap-not-connected](#imap-not-connected),
   [pop-sign-in-refused](#pop-sign-in-refused)).
8. For SMTP: SMTP AUTH is switched on, for the mailbox or for the organization
   ([smtp-auth-off-for-tenant](#smtp-auth-off-for-tenant)), and the app either has `SMTP.SendAsApp` and a permission for
   the mailbox, or an assignment of *Application SMTP.SendAsApp* in Exchange
   ([smtp-sign-in-refused](#smtp-sign-in-refused)).

What does not matter here: application access policies, which are for Microsoft Graph and EWS; and for IMAP and POP,
RBAC for Applications, which knows SMTP only.

## The commands

In a report the commands carry your own values, quoted so that they can be pasted as they are. Here a name in angle
brackets stands for each value:

| here | your value |
|---|---|
| `<mailbox>` | the primary address that was checked |
| `<tenant id>`, `<client id>` | directory (tenant) id and application (client) id of the app registration |
| `<service principal>` | object id of the app's *enterprise application*; not the one of its app registration |
| `<vault name>`, `<vault url>` | the key vault of MAILCHECK_VAULT_URL |
| `<certificate>`, `<secret>` | the name of the certificate or the client secret in that vault |
| `<endpoint>`, `<host>`, `<port>` | the mail server of the protocol, as MAILCHECK_CLOUD or MAILCHECK_IMAP names it |
| `<protocol>`, `<stage>` | what was being checked, and how far it came |
| `<object id>` | object id of the identity that reads the vault; Key Vault names it where it refuses |
| `<thumbprint>`, `<server>`, `<client address>` and the like | what the check has seen; in a report it is filled in |
| `<function app>`, `<resource group>`, `<group>` | names that no check can know: put yours there, in a report too |

Who may run them (in italics: role groups of Exchange itself):

| in | what | role |
|---|---|---|
| Exchange | mailboxes: `Set-CASMailbox`, `Add-MailboxPermission` | Exchange Administrator, or *Recipient Management* |
| | all else: `New-ServicePrincipal`, `Set-TransportConfig` | Exchange Administrator, or *Organization Management* |
| Entra | apps: admin consent, `New-Mg...`, `az ad` | Cloud Application Administrator |
| | policies and sign-in logs | Conditional Access Administrator, Reports Reader |
| Key Vault | contents: `az keyvault certificate`, `secret` | Key Vault Certificates Officer, Secrets Officer |
| | the vault itself: `az keyvault update`, `network-rule`, `set-policy` | Key Vault Contributor |
| | its roles: `az role assignment create` | User Access Administrator, or Owner |

`Connect-ExchangeOnline` is of the module ExchangeOnlineManagement (`Install-Module ExchangeOnlineManagement`),
`Connect-MgGraph` of Microsoft.Graph, `az` is the Azure CLI (`az login` first). The commands are those of the public
cloud; in `usgov`, `usdod` and `china` a report has each of them connect to that cloud (`-ExchangeEnvironmentName`,
`-Environment`, `az cloud set`). A change in Exchange is in force after some minutes, at times after about an hour.
"""
PLACES: Final[tuple[tuple[str, tuple[Stage, ...]], ...]] = (
    ("Managed identity", (Stage.IDENTITY,)),
    ("Key Vault", (Stage.VAULT,)),
    ("Certificate", (Stage.CERTIFICATE,)),
    ("Client secret", (Stage.SECRET,)),
    ("Entra: the token", (Stage.TOKEN,)),
    ("The way to the mail server", (Stage.DNS, Stage.CONNECT, Stage.TLS)),
    ("The talk with the mail server", (Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH, Stage.LIST)),
)
ANYTHING: Final = "Anything else"
FAULTS: Final[Mapping[str, str]] = {
    Fault.TIMEOUT: "no answer before the deadline",
    Fault.CLOSED: "the connection is closed",
    Fault.REFUSED: "the connection is refused",
    Fault.UNREACHABLE: "there is no way through the network",
    Fault.NAME_NOT_FOUND: "DNS does not know the name",
    Fault.UNTRUSTED: "a certificate of an unknown authority",
    Fault.EXPIRED: "validity that has ended",
    Fault.NOT_YET_VALID: "validity that has not begun",
    Fault.HOST_MISMATCH: "a certificate of another name",
    Fault.TLS_FAILED: "TLS that does not come about or breaks off",
    Fault.TOO_MUCH: "more than mailcheck reads",
    Fault.MALFORMED: "an answer in a form that does not belong there",
    Fault.NO_MECHANISM: "sign-in by XOAUTH2 is not offered",
    Fault.NO_STARTTLS: "STARTTLS is not offered",
    Fault.THROTTLED: "`Request is throttled.`",
    Fault.NO_ENDPOINT: "no managed identity, and no other credential",
    Fault.IDENTITY_FAILED: "no token from the identity endpoint",
    Fault.CHALLENGE_MISMATCH: "a request for another service's token",
    Fault.NO_PRIVATE_KEY: "a certificate without its private key",
    Fault.UNREADABLE: "something else than a certificate or a client secret",
    Fault.NOT_RSA: "a key that is not RSA",
    Fault.BUG: "an error inside mailcheck",
}
