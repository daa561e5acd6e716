"""States of what the vault holds: the app's certificate, or the client secret that it signs in with instead."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.scenario import Change, Kind, Scenario
from lab.vault_contents import Content, elliptic, exported, sealed, shuffled, unexportable

if TYPE_CHECKING:
    from lab.world import World

_DAY = dt.timedelta(days=1)
_SECRET_ID = uuid.UUID("66666666-aaaa-4bbb-8ccc-000000000006")


def _holding(content: "Callable[[World], Content]", *, enabled: bool = True) -> Change:
    """The vault's newest version under the certificate's name is this."""
    return lambda world: world.hold(content(world), enabled=enabled)


def _in_force(begins: dt.timedelta, ends: dt.timedelta) -> Change:
    """The app has a new certificate, in the vault and in its registration, in force from and until so long from now."""
    return lambda world: world.renew(world.certificate(begins=begins, ends=ends))


def _expiring(days: int) -> Scenario:
    # Half a day less, so that it is so for as long as anybody looks.
    change = _in_force(-30 * _DAY, days * _DAY - _DAY / 2)
    return _row(f"certificate-expires-within-{days}", f"The certificate expires within {days} days: healthy.", change)


def _signed_in_by(content: "Callable[[World], Content | str]", *, enabled: bool = True) -> Change:
    """The app signs in with what the vault holds as its client secret."""
    return lambda world: world.use_secret(content(world), enabled=enabled)


def _deleted(world: "World") -> None:
    world.vault.delete(world.settings()["MAILCHECK_CERTIFICATE"])


def _misnamed(world: "World") -> None:
    world.configured["MAILCHECK_CERTIFICATE"] = "mailchek"


def _typed_badly(world: "World") -> Content:
    return dataclasses.replace(exported(world.app_certificate), content_type="text/plain", managed=False)


def _not_in_entra(world: "World") -> None:
    world.use_secret(world.app_secret)
    world.mail_app.secret = f"{world.app_secret}-of-last-year"


def _expired_in_entra(world: "World") -> None:
    world.use_secret(world.app_secret)
    world.mail_app.secret_expires = world.now() - _DAY


def _not_stored(world: "World") -> None:
    world.use_secret(world.app_secret)
    world.vault.delete(world.settings()["MAILCHECK_SECRET"])


def _row(name: str, purpose: str, enter: Change) -> Scenario:
    return Scenario(name, Kind.VAULT, purpose, enter)


_CERTIFICATE = (
    _row("certificate-not-found", "MAILCHECK_CERTIFICATE names what the vault does not have.", _misnamed),
    _row("certificate-deleted", "The certificate was deleted from the vault.", _deleted),
    _row(
        "certificate-disabled",
        "The newest version of the certificate is disabled, and those before it are not.",
        _holding(lambda world: exported(world.certificate()), enabled=False),
    ),
    _row(
        "certificate-pending",
        "The certificate is still being issued: what is behind it is disabled, and has no key yet.",
        _holding(lambda world: unexportable(world.app_certificate), enabled=False),
    ),
    _row(
        "certificate-not-exportable",
        "The certificate was made with a key that the vault does not give out.",
        _holding(lambda world: unexportable(world.app_certificate)),
    ),
    _row(
        "certificate-public-only",
        "A public certificate was stored as a secret by hand.",
        _holding(lambda world: Content(world.app_certificate.certificate_pem.decode())),
    ),
    _row(
        "certificate-elliptic",
        "The certificate's key is on an elliptic curve.",
        _holding(lambda world: elliptic(world.now() - _DAY, world.now() + 90 * _DAY)),
    ),
    _row(
        "certificate-encrypted",
        "A PFX with a password was stored as a secret by hand.",
        _holding(lambda world: sealed(world.app_certificate, world.app_secret.encode())),
    ),
    _row(
        "certificate-wrong-type",
        "A PFX was stored by hand under the content type text/plain: healthy.",
        _holding(_typed_badly),
    ),
    _row(
        "certificate-shuffled",
        "PEM with the authority's certificate first and the key last: healthy.",
        _holding(lambda world: shuffled(world.app_certificate, world.authority.pair.certificate)),
    ),
    _row(
        "certificate-plain-text",
        "A plain text is stored under the certificate's name.",
        _holding(lambda world: Content(world.app_secret)),
    ),
    _row("certificate-expired", "The certificate expired yesterday.", _in_force(-365 * _DAY, -_DAY)),
    _row("certificate-not-yet-valid", "The certificate is valid from tomorrow.", _in_force(_DAY, 365 * _DAY)),
    _expiring(30),
    _expiring(14),
    _expiring(7),
)
_SECRET = (
    _row(
        "secret-good",
        "The app signs in with a client secret: healthy.",
        _signed_in_by(lambda world: Content(world.app_secret, not_after=world.now() + 90 * _DAY)),
    ),
    _row("secret-wrong", "The vault's client secret is not one of the app's.", _not_in_entra),
    _row(
        "secret-id",
        "The id of the client secret is stored in place of its value.",
        _signed_in_by(lambda _: str(_SECRET_ID)),
    ),
    _row("secret-expired-in-entra", "The client secret expired in Entra.", _expired_in_entra),
    _row(
        "secret-expired-in-vault",
        "The client secret expired by the date that is noted in the vault.",
        _signed_in_by(lambda world: Content(world.app_secret, not_after=world.now() - _DAY)),
    ),
    _row(
        "secret-not-yet-valid",
        "The client secret is valid from tomorrow by the date that is noted in the vault.",
        _signed_in_by(lambda world: Content(world.app_secret, not_before=world.now() + _DAY)),
    ),
    _row(
        "secret-expires-within-7",
        "The client secret expires within 7 days by the date that is noted in the vault: healthy.",
        _signed_in_by(lambda world: Content(world.app_secret, not_after=world.now() + 6.5 * _DAY)),
    ),
    _row("secret-empty", "The client secret in the vault is empty.", _signed_in_by(lambda _: "")),
    _row(
        "secret-with-line-end",
        "The client secret was stored with the end of its line, as a file has it.",
        _signed_in_by(lambda world: f"{world.app_secret}\n"),
    ),
    _row(
        "secret-is-certificate",
        "MAILCHECK_SECRET names a certificate.",
        _signed_in_by(lambda world: exported(world.app_certificate)),
    ),
    _row(
        "secret-disabled",
        "The client secret in the vault is disabled.",
        _signed_in_by(lambda world: world.app_secret, enabled=False),
    ),
    _row("secret-not-found", "MAILCHECK_SECRET names what the vault does not have.", _not_stored),
)
CREDENTIAL_STATES = (*_CERTIFICATE, *_SECRET)
