"""Client assertions that Entra takes, and forged ones, sent to the running server."""

import datetime as dt
import hmac
import json
import uuid
from dataclasses import dataclass, field

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.assertion import ASSERTION_TYPE
from lab.entra import Entra
from lab.pki import KeyPair, self_signed
from lab.signing import base64url, compact
from lab.tenant import BOT_CLIENT_ID, MAIL_CLIENT_ID, TENANT_DOMAIN, TENANT_ID, Tenant
from tests.lab.common import MAIL_SCOPE, Ask, utc_now

LIFETIME = 600  # seconds, what MSAL gives an assertion


def thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    """A certificate's digest as `x5t` and `x5t#S256` carry it."""
    return base64url(certificate.fingerprint(algorithm))


@pytest.fixture(scope="session")
def other_certificate() -> KeyPair:
    """A certificate that nobody registered."""
    return self_signed("other", not_before=utc_now() - dt.timedelta(days=1), not_after=utc_now() + dt.timedelta(days=1))


@dataclass(frozen=True)
class Forgery:
    """How an assertion differs from a good one; None leaves a member out, and times are seconds from now."""

    number: int
    claims: dict[str, object] = field(default_factory=dict)
    header: dict[str, object] = field(default_factory=dict)
    algorithm: str = "RS256"
    signed_by_other: bool = False
    names_other: bool = False


def signed(forgery: Forgery, pair: KeyPair, other: KeyPair, audience: str) -> str:
    """The assertion: the mail application's, with the forgery's changes."""
    now = int(utc_now().timestamp())
    usual: dict[str, object] = {
        "aud": audience,
        "iss": MAIL_CLIENT_ID,
        "sub": MAIL_CLIENT_ID,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + LIFETIME,
    }
    changes = dict(forgery.claims)
    for name in changes.keys() & {"nbf", "exp"}:
        offset = changes[name]
        changes[name] = now + offset if isinstance(offset, int) else offset
    claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
    named = other if forgery.names_other else pair
    header = {"x5t": thumbprint(named.certificate, hashes.SHA1()), **forgery.header}  # noqa: S303 - as RFC 7515 says
    header = {name: value for name, value in header.items() if value is not None}
    if forgery.algorithm == "HS256":
        return hmac_signed(header, claims, pair)
    signer = other if forgery.signed_by_other else pair
    return jwt.encode(
        claims, "" if forgery.algorithm == "none" else signer.key, algorithm=forgery.algorithm, headers=header
    )


def hmac_signed(header: dict[str, object], claims: dict[str, object], pair: KeyPair) -> str:
    """An HS256 JWS whose secret is the public certificate: what a verifier that trusts `alg` falls for."""
    head = json.dumps({"alg": "HS256", "typ": "JWT", **header}).encode()
    return compact(head, json.dumps(claims).encode(), lambda data: hmac.digest(pair.certificate_pem, data, "sha256"))


FORGERIES = {
    "signed by another key": Forgery(7000274, signed_by_other=True),
    "another certificate, honestly": Forgery(700027, signed_by_other=True, names_other=True),
    "names another certificate": Forgery(700027, names_other=True),
    "no thumbprint": Forgery(50027, header={"x5t": None}),
    "thumbprint that is no base64url": Forgery(700027, header={"x5t": "\N{SNOWMAN}"}),
    "second thumbprint of another certificate": Forgery(700027, header={"x5t#S256": "AAAA"}),
    "alg none": Forgery(50027, algorithm="none"),
    "HS256 with the public key": Forgery(50027, algorithm="HS256"),
    "RS512": Forgery(50027, algorithm="RS512"),
    "another audience": Forgery(50012, {"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}),
    "no audience": Forgery(50012, {"aud": None}),
    "two audiences": Forgery(50027, {"aud": ["a", "b"]}),
    "an audience that is no text": Forgery(50027, {"aud": {}}),
    "issuer is not the subject": Forgery(50048, {"sub": BOT_CLIENT_ID}),
    "another application": Forgery(50012, {"iss": BOT_CLIENT_ID, "sub": BOT_CLIENT_ID}),
    "no issuer": Forgery(50027, {"iss": None}),
    "expired": Forgery(700024, {"nbf": -900, "exp": -301}),
    "not yet valid": Forgery(700024, {"nbf": 301, "exp": 901}),
    "no expiry": Forgery(50027, {"exp": None}),
    "expiry that is text": Forgery(50027, {"exp": "tomorrow"}),
    "expiry beyond all time": Forgery(50027, {"exp": 10**400}),
    "no jti": Forgery(50027, {"jti": None}),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_assertions_are_refused(
    ask: Ask, entra: Entra, mail_certificate: KeyPair, other_certificate: KeyPair, name: str
) -> None:
    """No forged assertion buys a token, and each is refused by its own number."""
    forgery = FORGERIES[name]
    assertion = signed(forgery, mail_certificate, other_certificate, f"{entra.authority_url}/oauth2/v2.0/token")
    _, document = await ask(
        client_id=MAIL_CLIENT_ID, scope=MAIL_SCOPE, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
    )
    assert document.get("error_codes") == [forgery.number]
    assert assertion not in repr(entra.sightings)


@pytest.mark.parametrize(
    "audience",
    [
        "{url}/{id}/oauth2/v2.0/token",
        "{url}/{domain}/oauth2/v2.0/token",
        "{url}/{id}/v2.0",
    ],
)
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_good_assertions_are_taken(
    ask: Ask, entra: Entra, mail_certificate: KeyPair, audience: str, algorithm: str
) -> None:
    """The token endpoint by id or domain and the v2.0 issuer are audiences; x5t goes with either algorithm."""
    aud = audience.format(url=entra.url, id=TENANT_ID, domain=TENANT_DOMAIN)
    assertion = signed(Forgery(0, algorithm=algorithm), mail_certificate, mail_certificate, aud)
    status, _ = await ask(
        client_id=MAIL_CLIENT_ID, scope=MAIL_SCOPE, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
    )
    assert status == 200


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"exp": 86400}, id="a day"),
        pytest.param({"iss": MAIL_CLIENT_ID.upper(), "sub": MAIL_CLIENT_ID.upper()}, id="upper case"),
    ],
)
async def test_unusual_assertions_are_taken(
    ask: Ask, entra: Entra, mail_certificate: KeyPair, claims: dict[str, object]
) -> None:
    """Entra sets no bound on how long an assertion may live, and client ids have no case."""
    aud = f"{entra.authority_url}/oauth2/v2.0/token"
    assertion = signed(Forgery(0, claims), mail_certificate, mail_certificate, aud)
    status, _ = await ask(
        client_id=MAIL_CLIENT_ID, scope=MAIL_SCOPE, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
    )
    assert status == 200


async def test_a_jti_belongs_to_one_assertion(ask: Ask, entra: Entra, mail_certificate: KeyPair) -> None:
    """A second assertion under a jti that was used is refused."""
    audience = f"{entra.authority_url}/oauth2/v2.0/token"
    numbers = []
    for lifetime in (LIFETIME, LIFETIME - 1):
        assertion = signed(Forgery(0, {"jti": "once", "exp": lifetime}), mail_certificate, mail_certificate, audience)
        _, document = await ask(
            client_id=MAIL_CLIENT_ID, scope=MAIL_SCOPE, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
        )
        numbers.append(document.get("error_codes"))
    assert numbers == [None, [50027]]


@pytest.mark.parametrize("start, end", [(-20, -10), (10, 20)])
async def test_a_certificate_outside_its_validity_is_refused(
    ask: Ask, entra: Entra, tenant: Tenant, start: int, end: int
) -> None:
    """A registered certificate that has expired, or is not valid yet, is refused with 1000502."""
    now = utc_now()
    pair = self_signed("old", not_before=now + dt.timedelta(days=start), not_after=now + dt.timedelta(days=end))
    tenant.applications[MAIL_CLIENT_ID].certificates.append(pair.certificate)
    assertion = signed(Forgery(0), pair, pair, f"{entra.authority_url}/oauth2/v2.0/token")
    status, document = await ask(
        client_id=MAIL_CLIENT_ID, scope=MAIL_SCOPE, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
    )
    assert (status, document["error_codes"]) == (401, [1000502])
