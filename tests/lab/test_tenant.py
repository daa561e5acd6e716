"""The directory: what its records show of themselves, and how an application is found."""

from lab.tenant import BOT_CLIENT_ID, Application, Tenant
from tests.lab.common import BOT_SECRET


def test_a_secret_is_not_in_its_repr() -> None:
    """A client secret does not get into a log by way of repr."""
    assert BOT_SECRET not in repr(Application(BOT_CLIENT_ID, "principal", "bot", secret=BOT_SECRET))


def test_an_application_is_found_in_any_case() -> None:
    """Client ids are compared without case, however they were written down."""
    tenant = Tenant()
    application = tenant.add(Application("ABCD-ef", "principal", "app"))
    assert tenant.find("abcd-EF") is application
    assert tenant.find("abcd") is None
