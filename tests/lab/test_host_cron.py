"""NCRONTAB schedules, as the Timer trigger's documentation has them."""

import pytest

from lab.host.cron import problem


@pytest.mark.parametrize(
    "schedule",
    [
        "0 0 6 * * *",
        "0 */5 * * * *",
        "0 5,8,10 * * * *",
        "0 30 9 * * Mon-Fri",
        "0 30 9 * January,Jul sunday",
        "5-7/2 0 0 1-31 1-12 0-6",
        "0 5/15 * * * *",
        "*/5 * * * *",
        "23:59:59",
        "1.06:00:00",
    ],
)
def test_a_schedule_of_the_documentation_is_good(schedule: str) -> None:
    """Six fields, five fields without seconds, names, lists, ranges, steps and time spans are accepted."""
    assert problem(schedule) is None


@pytest.mark.parametrize(
    "schedule, reason",
    [
        ("", "has 0 fields"),
        ("0 6 * *", "has 4 fields"),
        ("0 0 6 * * * 2026", "has 7 fields"),
        ("60 0 6 * * *", "'60' is not a second (0-59)"),
        ("0 0 24 * * *", "'24' is not a hour (0-23)"),
        ("0 0 6 0 * *", "'0' is not a day (1-31)"),
        ("0 0 6 * 13 *", "'13' is not a month (1-12)"),
        ("0 0 6 * * 7", "'7' is not a day of week (0-6)"),
        ("0 0 6 * * fun", "'fun' is not a day of week"),
        ("0 0 mon * * *", "'mon' is not a hour"),
        ("0 9-6 * * * *", "'9-6' is not a minute"),
        ("0 */0 * * * *", "'*/0' is not a minute"),
        ("0 1,,2 * * * *", "'1,,2' is not a minute"),
        ("0 * ? * * *", "'?' is not a hour"),
    ],
)
def test_a_bad_schedule_names_its_field(schedule: str, reason: str) -> None:
    """What the real host would not parse is refused with the field that is wrong."""
    assert reason in (problem(schedule) or "")
