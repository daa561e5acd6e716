"""Who is given a token for what: Entra's judgement on a client_credentials request, in its order."""

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.aadsts import Refusal
from lab.assertion import ASSERTION_TYPE, Assertions
from lab.tenant import RESOURCES, Application, Tenant
from lab.token_request import DEFAULT, check_enabled, check_form, missing


@dataclass(frozen=True)
class Grant:
    """A request that is to be answered with a token: for whom, for what, and how the client proved itself."""

    application: Application
    resource: str
    appidacr: str  # 1: secret, 2: certificate


class Grants:
    """Decides on token requests.

    Args:
        tenant: The directory; read at each request.
        now: The clock, UTC.

    Attributes:
        known_resources: What tokens can be asked for.
        ahead: How far Entra's clock is ahead of a client's, as a client with a slow clock sees it.
    """

    def __init__(self, tenant: Tenant, *, now: Callable[[], dt.datetime]) -> None:
        self.known_resources = set(RESOURCES)
        self.ahead = dt.timedelta()
        self._tenant = tenant
        self._now = now
        self._assertions = Assertions()

    def decide(self, form: Mapping[str, str], audiences: frozenset[str]) -> Grant | Refusal:
        """What a request with these parameters gets.

        Args:
            form: The parameters of the body.
            audiences: Values of an assertion's `aud` that mean this server.
        """
        if refusal := check_form(form):
            return refusal
        application = self._tenant.find(form["client_id"])
        if application is None:
            return Refusal(
                700016, f"No application '{form['client_id']}' was found in the directory '{self._tenant.domain}'."
            )
        if refusal := check_enabled(application) or self._authenticate(form, application, audiences):
            return refusal
        resource = form["scope"].removesuffix(DEFAULT)
        if refusal := self.check_resource(resource):
            return refusal
        return Grant(application, resource, "2" if form.get("client_assertion") else "1")

    def check_resource(self, resource: str) -> Refusal | None:
        """Why no token can be had for a resource; a slash at its end names the same service, as in Entra."""
        if resource.rstrip("/") not in self.known_resources:
            return Refusal(
                500011, f"The resource principal {resource} was not found in the tenant named {self._tenant.domain}."
            )
        if resource.rstrip("/") in self._tenant.disabled_resources:
            return Refusal(500014, f"The service principal for resource '{resource}' is disabled.")
        return None

    def _authenticate(
        self, form: Mapping[str, str], application: Application, audiences: frozenset[str]
    ) -> Refusal | None:
        assertion, secret = form.get("client_assertion"), form.get("client_secret")
        if (assertion or secret) and application.public_client:
            return Refusal(700025, "The client is public, so neither 'client_assertion' nor 'client_secret' is taken.")
        if assertion:
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                return missing("client_assertion_type")
            now = self._now() + self.ahead
            return self._assertions.check(assertion, application, audiences=audiences, now=now)
        if not secret:
            return Refusal(7000216, "The grant client_credentials needs 'client_assertion' or 'client_secret'.")
        return self._check_secret(secret, application)

    def _check_secret(self, secret: str, application: Application) -> Refusal | None:
        if not hmac.compare_digest(secret.encode(), (application.secret or "").encode()):
            return Refusal(
                7000215,
                "The client secret is wrong; send the secret's value, not its id, "
                f"for a secret of app '{application.client_id}'.",
            )
        if application.secret_expires is not None and application.secret_expires <= self._now():
            return Refusal(7000222, f"The client secret keys of app '{application.client_id}' are expired.")
        return None
