"""What the connector's answers mean: the table of Microsoft's page, row by row."""

import pytest

from mailcheck.adapters.bot_answers import refused, unanswered
from mailcheck.model.delivery import Trouble
from mailcheck.model.evidence import Fault

POST, PUT = False, True
_DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    "update, status, code, trouble",
    [
        (POST, 400, "BadArgument", Trouble.UNFIT),
        (PUT, 400, "BadSyntax", Trouble.UNFIT),
        (POST, 401, "BotNotRegistered", Trouble.UNREACHED),
        (PUT, 401, "", Trouble.UNREACHED),
        (POST, 403, "BotDisabledByAdmin", Trouble.SHUT_OUT),
        (PUT, 403, "BotDisabledByAdmin", Trouble.SHUT_OUT),
        (POST, 403, "BotNotInConversationRoster", Trouble.SHUT_OUT),
        (PUT, 403, "BotNotInConversationRoster", Trouble.SHUT_OUT),
        (POST, 403, "ConversationBlockedByUser", Trouble.SHUT_OUT),
        (PUT, 403, "ConversationBlockedByUser", Trouble.SHUT_OUT),
        (POST, 403, "MessageWritesBlocked", Trouble.SHUT_OUT),
        (POST, 403, "ForbiddenOperationException", Trouble.SHUT_OUT),
        (PUT, 403, "MessageWritesBlocked", Trouble.SHUT_OUT),
        (PUT, 403, "ForbiddenOperationException", Trouble.SHUT_OUT),
        (PUT, 403, "InvalidBotApiHost", Trouble.SHUT_OUT),
        (POST, 403, "InvalidBotApiHost", Trouble.SHUT_OUT),
        (POST, 403, "NotEnoughPermissions", Trouble.SHUT_OUT),
        (POST, 403, "", Trouble.SHUT_OUT),
        (PUT, 403, "NotEnoughPermissions", Trouble.LOST),
        (PUT, 403, "ServiceError", Trouble.LOST),
        (PUT, 404, "ActivityNotFoundInConversation", Trouble.LOST),
        (PUT, 404, "", Trouble.LOST),
        (PUT, 404, "ConversationNotFound", Trouble.SHUT_OUT),
        (POST, 404, "ConversationNotFound", Trouble.SHUT_OUT),
        (POST, 404, "ActivityNotFoundInConversation", Trouble.SHUT_OUT),
        (PUT, 412, "PreconditionFailed", Trouble.BUSY),
        (POST, 413, "MessageSizeTooBig", Trouble.UNFIT),
        (POST, 429, "Throttled", Trouble.BUSY),
        (POST, 500, "ServiceError", Trouble.BUSY),
        (POST, 502, "ServiceError", Trouble.BUSY),
        (PUT, 503, "", Trouble.BUSY),
        (POST, 504, "", Trouble.BUSY),
        (POST, 302, "", Trouble.UNREACHED),
        (POST, 204, "", Trouble.UNREACHED),
        (POST, 405, "", Trouble.UNREACHED),
    ],
)
def test_the_kind_of_trouble(update: bool, status: int, code: str, trouble: Trouble) -> None:
    """A refusal is told by what the bot can do next; that of an update may mean that only its message is gone."""
    assert refused(status, code, {}, update=update).told.trouble is trouble


def test_what_is_tried_again() -> None:
    """Microsoft's guidance names five statuses; a 500 is not among them."""
    again = {status for status in range(200, 600) if refused(status, "", {}, update=False).again}
    assert again == {412, 429, 502, 503, 504}


@pytest.mark.parametrize(
    "headers, wait",
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "60"}, 60.0),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:05 GMT", "Date": _DATE}, 5.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": _DATE}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:05 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:05 GMT", "Date": "now"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:05", "Date": _DATE}, None),
        ({"Retry-After": "Wed, 21 Oct 999999999 07:28:05 GMT", "Date": _DATE}, None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_the_time_to_wait(headers: dict[str, str], wait: float | None) -> None:
    """`Retry-After` in seconds, or a date that is compared with the answer's own; anything else asks for nothing."""
    assert refused(429, "Throttled", headers, update=False).told.wait == wait


@pytest.mark.parametrize(
    "status, asks", [(412, True), (429, True), (500, True), (503, True), (401, False), (403, False)]
)
def test_only_what_is_busy_asks_for_time(status: int, asks: bool) -> None:
    """A refusal that no time would change has none, whatever its headers say."""
    assert (refused(status, "", {"Retry-After": "5"}, update=False).told.wait is not None) is asks


@pytest.mark.parametrize(
    "fault, may_be_taken, message, update",
    [
        (Fault.REFUSED, False, True, True),
        (Fault.UNREACHABLE, False, True, True),
        (Fault.TIMEOUT, False, True, True),
        (Fault.CLOSED, False, True, True),
        (Fault.TIMEOUT, True, False, True),
        (Fault.CLOSED, True, False, True),
        (Fault.MALFORMED, True, False, False),
        (Fault.NAME_NOT_FOUND, False, False, False),
        (Fault.UNTRUSTED, False, False, False),
    ],
)
def test_what_is_tried_again_without_an_answer(
    fault: Fault, may_be_taken: bool, message: bool, update: bool
) -> None:  # fmt: skip
    """An update can be made twice; a message only where it cannot have been taken; what does not pass, never."""
    tries = {
        put: unanswered(fault, "words", may_be_taken=may_be_taken, update=put) for put in (False, True)
    }  # fmt: skip
    assert (tries[False].again, tries[True].again) == (message, update)
    assert {one.told.trouble for one in tries.values()} == {Trouble.UNREACHED}


@pytest.mark.parametrize(
    "status, code, word",
    [
        (403, "BotDisabledByAdmin", "Teams admin center"),
        (403, "BotNotInConversationRoster", "install"),
        (403, "ForbiddenOperationException", "for this person"),
        (401, "BotNotRegistered", "Azure Bot"),
        (401, "", "MicrosoftAppTenantId"),
        (401, "Whatever", "MicrosoftAppType"),
    ],
)
def test_what_can_be_mended_says_how(status: int, code: str, word: str) -> None:
    """Where an administrator can do something about it, there is advice."""
    assert word in refused(status, code, {}, update=False).advice


def test_what_cannot_be_mended_has_no_advice() -> None:
    """People may block a bot; messages may be too many."""
    assert refused(403, "ConversationBlockedByUser", {}, update=False).advice == ""
    assert refused(429, "Throttled", {}, update=False).advice == ""
