"""What is wrong with a token request by its parameters alone, or by its application alone."""

from collections.abc import Mapping

from lab.aadsts import Refusal
from lab.tenant import Application

DEFAULT = "/.default"


def check_form(form: Mapping[str, str]) -> Refusal | None:
    """Why a client_credentials request with these parameters is refused before it is known who sends it, or None."""
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            return missing(name)
    scope = form["scope"]
    if form["grant_type"] != "client_credentials":
        return Refusal(70003, f"The grant type '{form['grant_type']}' is not supported here.")
    if "resource" in form:
        return Refusal(901002, "The parameter 'resource' is not for this endpoint; use 'scope'.")
    if len(scope.split()) > 1:
        return Refusal(70011, f"The scope '{scope}' is not valid: it names more than one.")
    if not scope.endswith(DEFAULT):
        return Refusal(1002012, f"The scope {scope} is not valid: client credentials need <resource>{DEFAULT}.")
    return None


def missing(parameter: str) -> Refusal:
    """The refusal of a request that lacks a parameter."""
    return Refusal(900144, f"The request body must contain the parameter '{parameter}'.")


def check_enabled(application: Application) -> Refusal | None:
    """Why an application gets no token at all: its principal is missing or switched off; or None."""
    if not application.consented:
        return Refusal(
            7000229, f"The client application {application.client_id} is missing service principal in the tenant."
        )
    if application.enabled:
        return None
    return Refusal(7000112, f"Application '{application.client_id}'({application.name}) is disabled.")
