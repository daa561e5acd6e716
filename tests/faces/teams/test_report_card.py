"""The report's card: what a reader sees of each kind of report, and that it stays small whatever the mailbox."""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from lab.teams.card_text import draw
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.report_card import report_card
from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Canary,
    CanaryOutcome,
    Cause,
    CertificateFacts,
    Command,
    Diagnosis,
    Folder,
    Healthy,
    Likelihood,
    Listing,
    Notice,
    ProtocolReport,
    Report,
    Severity,
    Step,
    Submission,
)
from mailcheck.model.request import Mailbox, MailProtocol
from tests.faces.teams.any_report import PROTOCOLS
from tests.faces.teams.card_kit import BROKEN, DEGRADED, DIAGNOSIS, HEALTHY, LISTED, NOW, REFUSED, report
from tests.faces.teams.card_rules import assert_valid, elements
from tests.faces.teams.real_kit import BROKEN as TWICE
from tests.faces.teams.real_kit import STOPPED, WAITING

_OPEN = frozenset({"folders", "details", "notice-1"})


def _drawn(shown: Report, *, opened: bool = False) -> str:
    card = report_card(shown)
    assert_valid(card)
    return draw(card, width=220, open_toggles=_OPEN if opened else frozenset())


@pytest.mark.parametrize(
    "shown, sentences",
    [
        (
            HEALTHY,
            ["shared_box@contoso.com", "✔ Healthy: opens by IMAP and POP", "512 ms",
             "IMAP opened the mailbox: 4 folders",
             "POP opened the mailbox: 12 messages, 34,567 bytes", "420 ms", "83 days left (until 2027-02-14)",
             "IMAP.AccessAsApp, POP.AccessAsApp", "127.0.0.1 · TLSv1.3",
             "2026-11-23 18:41 UTC · 812 ms", "Check again", "Folders (4)", "Show transcript"],
        ),
        (
            DEGRADED,
            ["▲ Degraded: opens by IMAP, not by POP", "IMAP opened the mailbox",
             "✘ POP: Exchange refuses the app's sign-in by POP",
             "-ERR Authentication failure: unknown user name or bad password.",
             "Cause 1 of 2 · likely", "POP is switched off for this mailbox",
             "Because IMAP opened the mailbox: the grant is fine",
             "Set-CASMailbox -Identity 'shared_box@contoso.com' -PopEnabled $true",
             "Cause 2 of 2 · possible", "The app may not open this mailbox", "Explain", "Read more ↗"],
        ),
        (BROKEN, ["✘ Broken: does not open by IMAP or POP", "✘ IMAP and POP: Exchange refuses"]),
        (
            report({MailProtocol.SMTP: ProtocolReport(Healthy(Submission(157_286_400)), 310)}),
            ["SMTP accepted the sign-in: takes messages of up to 150 MB", "310 ms"],
        ),
    ],
    ids=["healthy", "degraded", "broken", "submission"],
)  # fmt: skip
def test_what_a_reader_sees(shown: Report, sentences: list[str]) -> None:
    """The verdict, why, and what to type are there before anything is unfolded."""
    drawn = _drawn(shown)
    for sentence in sentences:
        assert sentence in drawn
    assert "Inbox" not in drawn


def test_what_was_written_beside_the_mailbox_is_told() -> None:
    """One mailbox has its whole report, and below it what was written as an address and is none."""
    card = report_card(HEALTHY, [Refused("[x](http://evil.example)", "it has no @")])
    assert_valid(card)
    assert "⊘ [x](http://evil.example): it has no @" in draw(card, width=120)


def test_what_can_be_unfolded() -> None:
    """Behind the buttons: the tree with its roles and marks, the steps with their times, the talk."""
    drawn = _drawn(DEGRADED, opened=True)
    for sentence in (
        "📥 Inbox", "📁 Projects (holds folders only)", "📁 2026 *draft*", "📤 Sent Items (sent)", "80 ms",
        "tls 31 ms TLSv1.3 TLS_AES_256_GCM_SHA384", "S: * OK ready", "S: -ERR Authentication failure", "0b5c-17",
    ):  # fmt: skip
        assert sentence in drawn
    line = next(line for line in drawn.splitlines() if "2026 *draft*" in line)
    assert line.index("2026") > next(one for one in drawn.splitlines() if "Projects" in one).index("Projects")


def test_what_is_unfolded_is_in_order() -> None:
    """Each part has its heading, and below the talk stands what a certificate and a token are known by."""
    drawn = _drawn(DEGRADED, opened=True)
    parts = (
        "Folders", "Steps", "Before the servers", "IMAP transcript", "POP transcript", f"Certificate {'AB' * 20}",
        "Token for https://outlook.office365.com", "Report 0b5c-17",
    )  # fmt: skip
    lines = [line.strip("│ ") for line in drawn.splitlines()]
    places = [lines.index(part) for part in parts]
    assert places == sorted(places)


def test_what_a_report_is_known_by_is_no_line_of_the_talk() -> None:
    """Whichever of the three comes first, it is set off from the transcript above it, and the others are not."""
    for shown in (DEGRADED, dataclasses.replace(DEGRADED, certificate=None, token=None)):
        texts = [one for one in elements(report_card(shown)) if one["type"] == "TextBlock"]
        known_by = [one for one in texts if one["text"].startswith(("Certificate AB", "Token for", "Report "))]
        first, *others = (one["spacing"] for one in known_by)
        assert first == "Medium"
        assert set(others) <= {"None"}


def test_many_roles_are_counted_and_those_for_mail_come_first() -> None:
    """An app with a hundred permissions is shown to have the one that this is about, and how many are left out."""
    token = HEALTHY.token
    assert token is not None
    roles = (*(f"Calendars.Read.Part{number:03}" for number in range(100)), "IMAP.AccessAsApp")
    drawn = _drawn(dataclasses.replace(HEALTHY, token=dataclasses.replace(token, roles=roles)))
    assert "IMAP.AccessAsApp, Calendars.Read.Part000" in drawn
    told = re.search(r"Part(\d+) and (\d+) more", " ".join(drawn.replace("│", " ").split()))
    assert told
    assert int(told[1]) + 1 + int(told[2]) == 100


def test_what_was_still_waited_for_is_no_failure() -> None:
    """It is told with what it would mean if it stayed so, its causes folded up, and its step not as failed."""
    drawn = draw(report_card(WAITING), width=160)
    assert "… Not finished: opens by POP, no answer yet by IMAP" in drawn
    assert "… IMAP: still waiting for outlook.office365.com:993 at AUTHENTICATE after 9 s" in drawn
    assert "If it stays so: outlook.office365.com:993 did not answer in time" in drawn
    assert "The server is slow today" in drawn
    assert "raise MAILCHECK_TIMEOUT" not in drawn
    assert "Broken" not in drawn
    opened = draw(report_card(WAITING), width=160, open_toggles=frozenset({"details", "cause-1-1"}))
    assert "auth 212 ms (no answer yet)" in opened
    assert "raise MAILCHECK_TIMEOUT" in opened


def test_what_failed_before_the_servers_says_where() -> None:
    """The step that failed is named with what was seen there, and both protocols share it."""
    assert re.search(r"\bvault [\d,]+ ms \(failed\)", draw(report_card(STOPPED), width=160, open_toggles=_OPEN))
    drawn = draw(report_card(STOPPED), width=160)
    assert "✘ IMAP and POP: There is no key vault" in drawn
    assert "What was seen at the step vault" in drawn


@pytest.mark.parametrize("shown", [BROKEN, DEGRADED, STOPPED, WAITING], ids=lambda one: one.mailbox.address)
def test_a_card_names_the_ids_that_explain_understands(shown: Report) -> None:
    """Each diagnosis has its id under its title: what `explain` asks for can be read, and typed."""
    drawn = _drawn(shown)
    ids = {one.verdict.diagnosis.id for one in shown.protocols.values() if isinstance(one.verdict, Broken)}
    assert ids
    for one in ids:
        assert f"│ {one} " in drawn


def test_the_causes_that_two_faults_share_are_told_once() -> None:
    """A second fault says in one line which of its causes stand above, and tells the others."""
    drawn = draw(report_card(TWICE), width=160)
    assert drawn.count("New-ServicePrincipal") == 1
    assert drawn.count("The app may not open this mailbox") == 1
    assert "Causes 1 (likely) and 2, 4 and 5 (possible) of 5 are told above." in drawn
    assert "POP is switched off for this mailbox" in drawn


def _fault(id_: str, *causes: tuple[str, Likelihood]) -> ProtocolReport:
    """A protocol that failed for one of these, each with a remedy of its own."""
    every = tuple(Cause(name, likelihood, "", (f"Mend {name}",)) for name, likelihood in causes)
    return ProtocolReport(Broken(Diagnosis(id_, id_.upper(), "NO", every, "", "")))


def test_what_is_told_above_stands_in_the_order_of_the_causes() -> None:
    """The likeliest cause comes first, also where those behind it are told above."""
    shared = (("theirs", Likelihood.POSSIBLE), ("both", Likelihood.POSSIBLE))
    first = _fault("a", ("one", Likelihood.LIKELY), *shared)
    second = _fault("b", ("another", Likelihood.LIKELY), *shared)
    drawn = _drawn(report({MailProtocol.IMAP: first, MailProtocol.SMTP: second}))
    behind = drawn[drawn.index("✘ SMTP") :]
    assert behind.index("another") < behind.index("Causes 2 and 3 (possible) of 3 are told above.")


def test_causes_of_two_likelihoods_are_listed_as_people_do() -> None:
    """Two of them have an `and` in between."""
    shared = (("ours", Likelihood.LIKELY), ("theirs", Likelihood.POSSIBLE))
    first, second = _fault("a", *shared), _fault("b", *shared, ("last", Likelihood.POSSIBLE))
    drawn = _drawn(report({MailProtocol.IMAP: first, MailProtocol.POP: second}))
    assert "Causes 1 (likely) and 2 (possible) of 3 are told above." in drawn


def test_one_cause_of_several_is_told_above() -> None:
    """Then the line is about one."""
    first = _fault("a", ("ours", Likelihood.LIKELY))
    second = _fault("b", ("ours", Likelihood.LIKELY), ("last", Likelihood.POSSIBLE))
    drawn = _drawn(report({MailProtocol.IMAP: first, MailProtocol.POP: second}))
    assert "Cause 1 (likely) of 2 is told above." in drawn


def test_a_cause_with_another_remedy_is_told_again() -> None:
    """The same cause may be mended otherwise for another protocol: that is not above."""
    first, second = (Cause("It is off", Likelihood.CERTAIN, "", (f"Switch {name} on",)) for name in ("IMAP", "POP"))
    imap, pop = (Diagnosis(id_, id_, "NO", (cause,), "", "") for id_, cause in (("a", first), ("b", second)))
    two = {MailProtocol.IMAP: ProtocolReport(Broken(imap)), MailProtocol.POP: ProtocolReport(Broken(pop))}
    drawn = _drawn(report(two))
    assert drawn.count("It is off") == 2
    assert "Switch POP on" in drawn


def test_the_steps_of_a_protocol_say_which_failed() -> None:
    """That and no other."""
    steps = (Step(Stage.CONNECT, ok=True, ms=1), Step(Stage.AUTH, ok=False, ms=2))
    drawn = _drawn(report({MailProtocol.IMAP: dataclasses.replace(REFUSED, steps=steps)}), opened=True)
    assert "auth 2 ms (failed)" in drawn
    assert drawn.count("(failed)") == 1


def test_no_step_is_named_that_went_well() -> None:
    """What was seen is put to the last step that failed; where none did, to none."""
    connect, auth, contents = (Step(stage, ok=True, ms=1) for stage in (Stage.CONNECT, Stage.AUTH, Stage.LIST))
    failed = dataclasses.replace(auth, ok=False)
    for steps, seen in (((connect, failed, contents), "What was seen at the step auth"), ((connect,), "What was seen")):
        drawn = _drawn(report({MailProtocol.IMAP: dataclasses.replace(REFUSED, steps=steps)}))
        assert seen in [line.strip("│┃ ") for line in drawn.splitlines()]


def test_commands_that_follow_each_other_are_copied_at_once() -> None:
    """They stand in one box; a step for a person parts two."""
    fix = (Command("Connect-It"), Command("Set-It"), "Wait for an hour", Command("Get-It"))
    seen = Diagnosis("a", "A", "", (Cause("c", Likelihood.CERTAIN, "", fix),), "", "")
    card = report_card(report({MailProtocol.IMAP: ProtocolReport(Broken(seen))}))
    boxes = [
        [line["inlines"][0]["text"] for line in one["items"] if "inlines" in line]
        for one in elements(card)
        if one["type"] == "Container" and one.get("style") == "emphasis"
    ]
    assert boxes == [["Connect-It", "Set-It"], ["Get-It"]]


@pytest.mark.parametrize("cause, again", [("POP is switched off", False), ("The app may not open it", True)])
def test_a_remedy_that_two_causes_share_is_told_once(cause: str, again: bool) -> None:
    """Another cause with the remedy of one above is told, and that what mends it is above; the same cause is not."""
    fix = (Command("Add-MailboxPermission"),)
    first = Diagnosis("a", "A", "NO", (Cause("The app may not open it", Likelihood.CERTAIN, "", fix),), "", "")
    second = Diagnosis("b", "B", "-ERR", (Cause(cause, Likelihood.CERTAIN, "", fix),), "", "")
    two = {MailProtocol.IMAP: ProtocolReport(Broken(first)), MailProtocol.POP: ProtocolReport(Broken(second))}
    drawn = _drawn(report(two))
    assert drawn.count("Add-MailboxPermission") == 1
    assert ("What mends it is above." in drawn) is not again
    assert ("The cause is told above." in drawn) is again


def test_a_transcript_that_just_fits_is_whole() -> None:
    """Sixty lines are shown, sixty-one are shortened."""
    for number, whole in ((60, True), (61, False)):
        talk = tuple(f"S: {line}" for line in range(number))
        one = report({MailProtocol.POP: dataclasses.replace(REFUSED, transcript=talk)})
        assert ("left out" in _drawn(one, opened=True)) is not whole


def test_the_same_fault_is_told_once() -> None:
    """Two protocols that fail for one reason share its section."""
    assert _drawn(BROKEN).count("Cause 1 of 2 · likely") == 1


def test_a_command_is_a_run_without_markdown() -> None:
    """What is to be pasted stands in a TextRun exactly as it is: nothing is escaped, nothing can be misread."""
    runs = [one["text"] for one in elements(report_card(DEGRADED)) if one["type"] == "TextRun"]
    assert "Set-CASMailbox -Identity 'shared_box@contoso.com' -PopEnabled $true" in runs
    assert "Wait for about an hour" not in runs, "a step for a person is no command"


def test_a_colour_is_never_alone() -> None:
    """Each state has its word and its mark, and says the same to a screen reader."""
    for shown, word in ((HEALTHY, "✔ Healthy"), (DEGRADED, "▲ Degraded"), (BROKEN, "✘ Broken")):
        card = report_card(shown)
        assert word in card["body"][0]["items"][1]["text"]
        assert word[2:] in card["speak"]
        assert "shared_box@contoso.com" in card["fallbackText"]


@pytest.mark.parametrize(
    "name", ["[click](http://evil.example)", "# heading", "1. one", "**b**", "\\", "a\x1b[0m\u202eb"]
)
def test_a_folder_is_a_name_and_nothing_else(name: str) -> None:
    """Whatever a folder is called, its name is text, without control characters."""
    one = ProtocolReport(Healthy(Listing((Folder((name,)),))))
    shown = dataclasses.replace(report({MailProtocol.IMAP: one}), preparation=())
    runs = [e["text"] for e in elements(report_card(shown)) if e["type"] == "TextRun"]
    assert runs == ["📁 " + name.replace("\x1b", "").replace("\u202e", "")]


def test_the_role_of_a_folder_is_told_where_its_name_does_not() -> None:
    """Beside a name in another language, and not twice."""
    listing = Listing((Folder(("INBOX",), "inbox"), Folder(("Gesendet",), "sent")))
    drawn = _drawn(report({MailProtocol.IMAP: ProtocolReport(Healthy(listing))}), opened=True)
    assert "Gesendet (sent)" in drawn
    assert "(inbox)" not in drawn


def test_where_nothing_was_said_there_is_no_transcript() -> None:
    """Only of a server that was talked to."""
    silent = dataclasses.replace(REFUSED, transcript=())
    drawn = _drawn(report({MailProtocol.IMAP: silent, MailProtocol.POP: REFUSED}), opened=True)
    assert "POP transcript" in drawn
    assert "IMAP transcript" not in drawn


def test_a_server_cannot_draw_on_the_card() -> None:
    """Markup in what a server said, in a title and in a fact is shown as it was sent."""
    said = "[free](http://evil.example) **now** <b>"
    hostile = Diagnosis("x", said, said, (Cause(said, Likelihood.CERTAIN, said, (said,)),), "javascript:x", said)
    one = ProtocolReport(Broken(hostile), 1, (Step(Stage.TLS, ok=True, ms=1, detail=said),), (f"S: {said}",))
    card = report_card(report({MailProtocol.IMAP: one}))
    assert_valid(card)
    assert draw(card, width=200, open_toggles=_OPEN).count(said) >= 7
    assert r"\[free\]" in json.dumps(card).replace("\\\\", "\\")
    assert "](javascript" not in json.dumps(card)


def test_a_large_mailbox_is_counted_and_shortened() -> None:
    """Of very many folders the first are shown, and how many more there are."""
    folders = tuple(Folder((f"Folder {number}",)) for number in range(294))
    drawn = _drawn(report({MailProtocol.IMAP: ProtocolReport(Healthy(Listing(folders, 3)))}), opened=True)
    assert "294 folders, 3 more could not be read" in drawn
    assert "and 214 more" in drawn
    assert "Folder 79" in drawn
    assert "Folder 80" not in drawn


class _Counted(tuple[Folder, ...]):
    """Folders that note which of them are looked at."""

    __slots__ = ()
    looked_at: ClassVar[list[Folder]] = []

    def __iter__(self) -> Iterator[Folder]:
        for folder in super().__iter__():
            self.looked_at.append(folder)
            yield folder


def test_a_large_mailbox_is_read_no_further_than_it_is_shown() -> None:
    """The event loop is not held up by 20,000 folders: the card looks at those that it shows."""
    folders = _Counted(Folder((f"Folder {number}",)) for number in range(20_000))
    report_card(report({MailProtocol.IMAP: ProtocolReport(Healthy(Listing(folders)))}))
    assert 80 <= len(_Counted.looked_at) < 200


def test_what_could_not_be_read_is_shown() -> None:
    """Below the folders stand the first answers that could not be read, as text, and never an element without any."""
    listing = Listing((Folder(("INBOX",)),), 5, ('() "/" "[click](http://evil.example)', "\x00", "third"))
    drawn = _drawn(report({MailProtocol.IMAP: ProtocolReport(Healthy(listing))}), opened=True)
    assert "5 folders could not be read" in drawn
    assert '() "/" "[click](http://evil.example)' in drawn
    assert "third" in drawn


def test_a_long_transcript_keeps_its_two_ends() -> None:
    """The greeting and the last answer are what matters; the middle is counted."""
    talk = tuple(f"S: line {number}" for number in range(1000))
    drawn = _drawn(report({MailProtocol.IMAP: dataclasses.replace(LISTED, transcript=talk)}), opened=True)
    assert "S: line 0 " in drawn
    assert "S: line 999" in drawn
    assert "940 lines left out" in drawn
    assert drawn.count("S: line ") == 60


def test_a_command_that_is_too_long_is_left_out_whole() -> None:
    """Half a command would do harm: what does not fit is not shown at all, and that is said."""
    cause = Cause("c", Likelihood.CERTAIN, "w", ("Do-This -Well", "Set-X " + "y" * 5000))
    one = ProtocolReport(Broken(dataclasses.replace(DIAGNOSIS, causes=(cause,))))
    drawn = _drawn(report({MailProtocol.IMAP: one}))
    assert "Do-This -Well" in drawn
    assert "Set-X" not in drawn
    assert "too long for a card" in drawn


def test_notices_are_on_the_card_with_what_to_do() -> None:
    """Each with its severity in words, its title as text, and its commands apart from the prose."""
    notices = (
        Notice("certificate-expires-soon", Severity.URGENT, "It *expires*", (Command("az renew"), "Then upload it")),
        Notice("cloud-unproven", Severity.INFO, "Nobody knows"),
    )
    shown = dataclasses.replace(HEALTHY, notices=notices)
    assert "▲ Urgent: It *expires*" in _drawn(shown)
    drawn = _drawn(shown, opened=True)
    assert "az renew" in drawn
    assert "Then upload it" in drawn
    assert "Note: Nobody knows" in drawn


def test_the_canary_is_among_the_facts() -> None:
    """Its address, and what came of it by each protocol."""
    canary = Canary(Mailbox("canary@contoso.com"), {MailProtocol.IMAP: CanaryOutcome.REFUSED})
    assert "canary@contoso.com: IMAP refused" in _drawn(dataclasses.replace(BROKEN, canary=canary))


DAYS = [
    (12, "12 days left (until 2026-12-05)"),
    (1, "1 day left (until 2026-11-24)"),
    (0, "less than a day left (until 2026-11-23)"),
    (-3, "expired on 2026-11-20"),
]


@pytest.mark.parametrize("days, said", DAYS)
def test_the_days_of_the_certificate_are_told(days: int, said: str) -> None:
    """Those that are left, and those that have passed."""
    facts = CertificateFacts("AB", NOW + dt.timedelta(days=days), days)
    assert said in _drawn(dataclasses.replace(HEALTHY, certificate=facts))


def test_a_check_that_stopped_early_is_a_card_too() -> None:
    """Without certificate, token and steps there is less to show, and nothing is empty."""
    one = ProtocolReport(Broken(dataclasses.replace(DIAGNOSIS, evidence="", reference="")))
    bare = dataclasses.replace(
        report({MailProtocol.IMAP: one, MailProtocol.POP: one}), certificate=None, token=None, preparation=()
    )
    assert_valid(report_card(bare))
    assert "Cause 1 of 2 · likely" in _drawn(bare, opened=True)


def _huge(text: str) -> Report:
    """Everything as large as it can get, in one script."""
    long = text * 2000
    remedy = [(text * 600)[:length] for length in range(110, 590, 60)]  # a command, a step for a person, and so on
    fix = tuple(Command(line) if number % 2 else line for number, line in enumerate(remedy))
    causes = (Cause(long, Likelihood.POSSIBLE, long, fix),) * 9
    steps = tuple(Step(stage, ok=False, ms=10**7, detail=long) for stage in Stage) * 3
    folders = tuple(Folder(((text * 255)[:255],) * (n % 30 + 1), long, selectable=False) for n in range(5000))
    talk = (long,) * 5000
    imap = ProtocolReport(Healthy(Listing(folders, 10**6)), 10**7, steps, talk)
    pop = ProtocolReport(
        Broken(Diagnosis("x", long, long, causes, "https://x.example/" + "a" * 9999, long)), 1, steps, talk
    )
    huge = report(
        {MailProtocol.IMAP: imap, MailProtocol.POP: pop}, f"{'_' * 64}@{('a' * 60 + '.') * 4}contoso.com"[:300]
    )
    return dataclasses.replace(huge, id=long, preparation=steps)


@pytest.mark.parametrize(
    "text", ["x", "*", "\\", "\u00e9", "\U0001f4e7", '"', "\u202e", "[a](b)", "\n", "{{DATE("], ids=ascii
)
def test_the_budget_is_kept_whatever_the_mailbox(text: str) -> None:
    """5,000 folders, endless lines, any script: the card stays below 24 KiB, and valid."""
    huge = _huge(text)
    refused = [Refused(text * 999, text * 999)] * 30
    assert_valid(report_card(huge, refused))
    one = huge.protocols[MailProtocol.POP]
    assert isinstance(one.verdict, Broken)
    other = dataclasses.replace(one, verdict=Broken(dataclasses.replace(one.verdict.diagnosis, id="y")))
    assert_valid(
        report_card(dataclasses.replace(huge, protocols={MailProtocol.IMAP: other, MailProtocol.POP: one}), refused)
    )


def test_causes_that_are_left_out_are_counted_and_not_weighed() -> None:
    """What is left out may be as likely as what is shown, so the card says how many there are, and where."""
    causes = tuple(Cause(f"cause {number}", Likelihood.POSSIBLE, "w" * 600, ("s" * 600,) * 3) for number in range(9))
    broken = ProtocolReport(Broken(Diagnosis("x", "A title", "seen", causes, "https://x.example", "")))
    assert "and 3 more causes, which Explain shows" in _drawn(report({MailProtocol.IMAP: broken}))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(imap=PROTOCOLS, pop=PROTOCOLS)
def test_any_report_is_a_valid_card(imap: ProtocolReport, pop: ProtocolReport) -> None:
    """Whatever a check finds, its card keeps to the schema, the budget and the rules for text."""
    assert_valid(report_card(report({MailProtocol.IMAP: imap, MailProtocol.POP: pop})))
