"""App-only access tokens as Entra ID issues them for Exchange Online, with every claim open to change."""

import time
from dataclasses import dataclass

from lab.signing import SigningKey
from lab.tenant import EXCHANGE_RESOURCE, MAIL_CLIENT_ID, MAIL_PRINCIPAL_ID, TENANT_ID

# Exchange asks Entra for the v1 format, whose issuer is this and not login.microsoftonline.com.
ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
ROLES = ("IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp")
_LIFETIME = 3599  # seconds, what Entra's expires_in says


@dataclass(frozen=True)
class AppToken:
    """Makes tokens of the lab's mail application; call it with the claims that shall differ."""

    key: SigningKey

    def __call__(self, *, signed_by: SigningKey | None = None, **claims: object) -> str:
        """A compact JWS.

        Args:
            signed_by: Another key than the issuer's.
            claims: Claims to replace or add; None leaves the claim out. Times are seconds since the epoch.
        """
        now = int(time.time())
        usual: dict[str, object] = {
            "aud": EXCHANGE_RESOURCE,
            "iss": ISSUER,
            "iat": now - 300,  # Entra dates a token five minutes back, for clocks that are behind
            "nbf": now - 300,
            "exp": now - 300 + _LIFETIME,
            "app_displayname": "mailcheck",
            "appid": MAIL_CLIENT_ID,
            "appidacr": "2",
            "idp": ISSUER,
            "idtyp": "app",
            "oid": MAIL_PRINCIPAL_ID,
            "roles": list(ROLES),
            "sub": MAIL_PRINCIPAL_ID,
            "tid": TENANT_ID,
            "ver": "1.0",
        }
        merged = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return (signed_by or self.key).sign(merged)
