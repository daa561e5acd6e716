"""What a check signs in with: the app's credential from Key Vault, and the access token it buys from Entra."""

import datetime as dt
from dataclasses import dataclass, field

from mailcheck.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key, as one version of a Key Vault secret holds them.

    Attributes:
        private_key: PKCS #8 PEM, unencrypted.
        public: The certificate as PEM, the chain after it.
        thumbprint: SHA-1 of the DER, upper-case hex: how the portals name it.
        not_before, not_after: Validity, UTC.
        version: The Key Vault version it came from.
    """

    private_key: Secret[str]
    public: str
    thumbprint: str
    not_before: dt.datetime
    not_after: dt.datetime
    version: str


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret, as one version of a Key Vault secret holds it.

    Attributes:
        value: The secret itself.
        version: The Key Vault version it came from.
        not_before, not_after: Validity, UTC, as whoever stored it has noted it (`nbf` and `exp` of the Key Vault
            secret); none where it was not noted. Entra keeps dates of its own.
    """

    value: Secret[str]
    version: str
    not_before: dt.datetime | None = None
    not_after: dt.datetime | None = None


type Credential = Certificate | ClientSecret


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of an access token that decide whether Exchange takes it; read, not verified: Exchange does that.

    Attributes:
        audience: `aud`.
        roles: `roles`: application roles with admin consent; empty when the claim is absent.
        tenant_id: `tid`.
        app_id: `appid` (v1) or `azp` (v2).
        object_id: `oid`: the enterprise application's object id, which Exchange's grants name.
        expires_at: `exp`, UTC; none when the claim is absent or no number.
        scopes: `scp`: delegated scopes; a token that has them stands for a user, not for the app.
    """

    audience: str
    roles: tuple[str, ...]
    tenant_id: str
    app_id: str
    object_id: str
    expires_at: dt.datetime | None
    scopes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what it says of itself."""

    value: Secret[str]
    claims: Claims
