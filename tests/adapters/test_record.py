"""Steps and transcript of one conversation, without a connection."""

import pytest

from mailcheck.adapters.record import LINE_SHOWN, LINES_KEPT, WITHHELD, Record, readable
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Folder, Listing, Step
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Send

PIECE = 16
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2su.c2lnbmF0dXJl"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def transcript(*received: bytes, secrets: tuple[str, ...] = (TOKEN,)) -> tuple[str, ...]:
    """What the transcript shows of these lines from the server."""
    record = Record(Clock(), tuple(Secret(secret) for secret in secrets))
    for line in received:
        record.received(line)
    return record.conversation("").transcript


def test_each_stage_is_a_step_with_its_own_time() -> None:
    """A step lasts until the next stage is entered; entering the same stage again changes nothing."""
    clock = Clock()
    record = Record(clock)
    record.detail = "192.0.2.1"
    clock.now += 0.0104
    record.enter(Stage.CONNECT)
    clock.now += 0.020
    record.enter(Stage.CONNECT)
    clock.now += 0.005
    conversation: Conversation[str] = record.conversation(Evidence(Stage.CONNECT, "refused"))
    assert conversation.steps == (
        Step(Stage.DNS, ok=True, ms=10, detail="192.0.2.1"),
        Step(Stage.CONNECT, ok=False, ms=25, detail="refused"),
    )
    assert conversation.duration_ms == 35


def test_each_stage_is_told_as_it_begins() -> None:
    """Who watches hears of a stage when it is entered, and once."""
    told: list[Stage] = []
    record = Record(Clock(), entered=told.append)
    assert told == [Stage.DNS]
    for stage in (Stage.CONNECT, Stage.CONNECT, Stage.TLS):
        record.enter(stage)
    assert told == [Stage.DNS, Stage.CONNECT, Stage.TLS]


def test_of_a_stage_entered_twice_only_the_last_has_failed() -> None:
    """EHLO is asked before and after STARTTLS: each time is a step of its own, and a failure belongs to the last."""
    clock = Clock()
    record = Record(clock)
    for stage, seconds in ((Stage.CAPABILITY, 0.010), (Stage.TLS, 0.030), (Stage.CAPABILITY, 0.020)):
        record.enter(stage)
        clock.now += seconds
    conversation: Conversation[str] = record.conversation(Evidence(Stage.CAPABILITY, "451"))
    assert conversation.steps[1:] == (
        Step(Stage.CAPABILITY, ok=True, ms=10),
        Step(Stage.TLS, ok=True, ms=30),
        Step(Stage.CAPABILITY, ok=False, ms=20, detail="451"),
    )


@pytest.mark.parametrize(
    "data, text",
    [
        (b"* OK ready", "* OK ready"),
        ("* LIST \u00fc".encode(), "* LIST \u00fc"),
        (b"\xff\x00\x1b[31m\t", "\\xff\\x00\\x1b[31m\\t"),
        ("right\u202eleft".encode(), "right\\u202eleft"),
        (b"x" * LINE_SHOWN, "x" * LINE_SHOWN),
        (b"x" * (LINE_SHOWN + 1), "x" * LINE_SHOWN + " ..."),
        (b"\0" * LINE_SHOWN, "\\x00" * (LINE_SHOWN // 4) + " ..."),
    ],
    ids=["plain", "utf-8", "control", "bidirectional", "longest", "too-long", "too-long-when-escaped"],
)
def test_a_line_is_safe_to_show(data: bytes, text: str) -> None:
    """What cannot be printed is escaped, and a long line is cut off."""
    assert readable(data) == text


@pytest.mark.parametrize(
    "line, shown",
    [
        (f"NO {TOKEN}", "NO <withheld>"),
        (f"NO {TOKEN[:30]}", "NO <withheld>"),
        (f"NO x{TOKEN[20:50]}x", "NO <withheld>"),
        (f"NO <{TOKEN}>", "NO <<withheld>>"),
        (f"NO {TOKEN[:15]}", f"NO {TOKEN[:15]}"),
        (f"NO an-alike-{TOKEN[16:27]}-word", f"NO an-alike-{TOKEN[16:27]}-word"),
        ("NO pin pinned", "NO <withheld> <withheld>ned"),
        (
            "NO AUTHENTICATE failed for some-other-thing-of-length",
            "NO AUTHENTICATE failed for some-other-thing-of-length",
        ),
    ],
    ids=["whole", "cut-off", "inside", "wrapped", "too-short-to-tell", "alike-by-chance", "short-secret", "no-secret"],
)
def test_a_secret_is_withheld_whole_and_in_pieces(line: str, shown: str) -> None:
    """A server that repeats a secret, or 16 characters of it, does not bring it into the transcript."""
    assert transcript(line.encode(), secrets=(TOKEN, "pin", "")) == (f"S: {shown}",)


@pytest.mark.parametrize("shift", range(PIECE))
def test_each_piece_of_a_secret_is_withheld(shift: int) -> None:
    """Wherever 16 characters of it are cut out, and wherever they stand in what surrounds them."""
    pieces = [TOKEN[at : at + PIECE] for at in range(len(TOKEN) - PIECE + 1)]
    lines = [f"{'-' * shift}{piece}{'-' * (PIECE - shift)}".encode() for piece in pieces]
    assert transcript(*lines) == (f"S: {WITHHELD}",) * len(pieces)


def test_a_secret_is_withheld_from_the_names_of_folders() -> None:
    """A server that calls a folder by our token, whole or in pieces, does not bring it into the report."""
    record = Record(Clock(), (Secret(TOKEN),))
    folders = (Folder(("INBOX",), "inbox"), Folder((TOKEN[:20], f"x{TOKEN[20:]}"), selectable=False))
    listing = Listing(folders, unreadable=2, samples=(f'() "/" "{TOKEN[:20]}', "()"))
    assert record.conversation(listing).outcome == Listing(
        (Folder(("INBOX",), "inbox"), Folder((WITHHELD, WITHHELD), selectable=False)),
        unreadable=2,
        samples=(f'() "/" "{WITHHELD}', "()"),
    )


@pytest.mark.parametrize("others", [0, 4000], ids=["few", "very-many"])
def test_a_piece_of_a_secret_is_found_among_any_number_of_folders(others: int) -> None:
    """However many names there are, the one that holds a piece is withheld, and the others are as they were."""
    record = Record(Clock(), (Secret(TOKEN),))
    names = [*(f"a-folder-with-a-long-name-{number}" for number in range(others)), f"x{TOKEN[7:23]}x"]
    found = record.conversation(Listing(tuple(Folder((name,)) for name in names))).outcome
    assert isinstance(found, Listing)
    assert [folder.name for folder in found.folders] == [*names[:-1], WITHHELD]


def test_the_command_around_a_secret_stays_readable() -> None:
    """Of a secret line, only the words that its substitute does not show are secret."""
    record = Record(Clock())
    record.sent(Send(Secret(f"A1 AUTHENTICATE XOAUTH2 {TOKEN}\r\n".encode()), "A1 AUTHENTICATE XOAUTH2 <64 withheld>"))
    record.received(f"A1 BAD AUTHENTICATE XOAUTH2 {TOKEN}".encode())
    assert record.conversation("").transcript == (
        "C: A1 AUTHENTICATE XOAUTH2 <64 withheld>",
        "S: A1 BAD AUTHENTICATE XOAUTH2 <withheld>",
    )


def test_the_middle_of_a_long_talk_is_left_out() -> None:
    """The first and the last lines are kept; between them stands how many are not."""
    lines = transcript(*(str(number).encode() for number in range(20_000)))
    assert len(lines) == 2 * LINES_KEPT + 1
    assert lines[LINES_KEPT - 1 : LINES_KEPT + 2] == ("S: 99", "... 19,800 lines left out", "S: 19900")
    assert lines[-1] == "S: 19999"


def test_a_talk_of_just_so_many_lines_is_whole() -> None:
    """Nothing is left out before there is too much."""
    assert len(transcript(*[b"line"] * 2 * LINES_KEPT)) == 2 * LINES_KEPT
