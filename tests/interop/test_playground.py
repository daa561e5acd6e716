"""The bot in Microsoft's own Teams emulator, driven by a browser: what `make chat` shows, and that it leaves nothing.

MAILCHECK_UPDATE_DOCS=1 takes the pictures of the documentation, docs/card*.png, anew.
"""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.playground_kit import Browser, PlaygroundCommand, Step, artifact, confined

pytestmark = pytest.mark.interop

_ROOT = Path(__file__).parents[2]
_HELP = "mailcheck shared@contoso.com imap"
_VERDICT = "Show transcript"  # a button that every verdict has, and nothing before it
_GREETED: Step = {"until": "Hello, this is mailcheck"}  # opening a chat installs the bot in it
_SOME = ("info", "shared", "empty", "no-imap", "no-pop", "not-granted", "alias", "throttled", "closed", "unknown")
_TEN = " ".join(["mailcheck", *(f"{name}@contoso.com" for name in _SOME)])


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundCommand]:
    """The running command."""
    with PlaygroundCommand(tmp_path_factory.mktemp("playground")) as command:
        yield command


def _picture(name: str) -> str:
    return str(artifact(name))


def _document(picture: str, name: str) -> None:
    if os.environ.get("MAILCHECK_UPDATE_DOCS") == "1":
        shutil.copy(_picture(picture), _ROOT / "docs" / f"{name}.png")


@pytest.fixture(scope="module")
def chat(playground: PlaygroundCommand) -> Iterator[Browser]:
    """Anna's own chat with the bot, which has greeted her, and to which the tests add."""
    with playground.browser() as browser:
        browser.do({**_GREETED, "picture": _picture("welcome")})
        yield browser


def test_small_talk_is_answered_with_what_can_be_asked(chat: Browser) -> None:
    """Who says hello learns what to write."""
    assert "mailcheck whoami" in chat.do({"say": "hello", "until": _HELP, "picture": _picture("help")})


def test_the_verdict_on_a_healthy_mailbox_folds_its_folders_out(chat: Browser) -> None:
    """The card names the mailbox and the protocols that open it; a button shows the folders and hides them again."""
    closed = chat.do({"say": "/mailcheck shared@contoso.com", "until": _VERDICT, "picture": _picture("healthy")})
    opened = chat.do({"press": "Folders", "until": "INBOX", "picture": _picture("folders")})
    folded = chat.do({"press": "Folders", "until": _VERDICT})
    assert "shared@contoso.com" in closed
    assert "Healthy" in closed
    assert "INBOX" not in closed
    assert "Größe und Maß" in opened
    assert folded == closed
    _document("folders", "card-healthy")


def test_the_transcript_and_a_second_cause_fold_out(chat: Browser) -> None:
    """A button shows the talk with the server, and a tap on a further cause what is to be done about it."""
    closed = chat.do({"say": "/mailcheck not-granted@contoso.com", "until": _VERDICT, "picture": _picture("broken")})
    opened = chat.do({"tap": "Show or hide cause 2 of 5", "picture": _picture("causes")})
    talk = chat.do({"press": _VERDICT, "until": "IMAP transcript", "picture": _picture("transcript")})
    assert "Broken" in closed
    assert len(opened) > len(closed)
    assert "AUTHENTICATE XOAUTH2" not in closed
    assert "AUTHENTICATE XOAUTH2" in talk


def test_the_verdict_on_a_degraded_mailbox_has_the_command_that_mends_it(chat: Browser) -> None:
    """Where IMAP is switched off, the card shows the cmdlet that switches it on, with the mailbox filled in."""
    question: Step = {"say": "/mailcheck no-imap@contoso.com", "until": _VERDICT, "picture": _picture("degraded")}
    shown = chat.do(question)
    assert "Degraded" in shown
    assert "Set-CASMailbox -Identity 'no-imap@contoso.com' -ImapEnabled $true" in shown
    _document("degraded", "card")


def test_check_again_follows_the_check_on_the_same_card(chat: Browser) -> None:
    """The card shows how far the check is, and its verdict; pressed again, it does so once more in its place."""
    steps: list[Step] = [
        {"say": "slow@contoso.com", "until": "signing in", "picture": _picture("progress")},
        {"until": _VERDICT},
        {"press": "Check again", "until": "signing in"},
        {"until": _VERDICT},
    ]
    assert ["Healthy" in chat.do(step) for step in steps] == [False, True, False, True]


def test_a_diagnosis_is_explained_at_the_press_of_a_button(chat: Browser) -> None:
    """Explain adds a card that says what the diagnosis means; the page says that it is below."""
    chat.do({"say": "no-pop@contoso.com", "until": _VERDICT})
    shown = chat.do({"press": "Explain", "until": "What you see", "picture": _picture("explained")})
    assert "pop-sign-in-refused" in shown


def test_ten_mailboxes_are_a_table_that_opens(chat: Browser) -> None:
    """Each mailbox is a row with its verdict, and a tap on the row shows what is the matter with it."""
    closed = chat.do({"say": _TEN, "until": "of 10 mailboxes healthy", "picture": _picture("ten")})
    opened = chat.do({"tap": "Show or hide no-pop@contoso.com", "until": "-ERR", "picture": _picture("ten-opened")})
    assert closed.count("@contoso.com") == 10
    assert "-ERR" not in closed
    assert "-ERR Authentication failure" in opened


def test_a_mention_is_answered_where_it_is(playground: PlaygroundCommand) -> None:
    """In a group chat the bot greets too, and an address after a mention is a command; in a channel, in its thread."""
    address: Step = {"to": "mailcheck", "say": "info@contoso.com", "until": _VERDICT, "picture": _picture("group")}
    _, _, group, _, channel = playground.drive(
        [
            _GREETED,
            {"in": "Mail operations chat", **_GREETED},
            address,
            {"channel": "General", **_GREETED},
            {**address, "say": "no-imap@contoso.com", "picture": _picture("channel")},
        ]
    )
    assert "Healthy: opens by IMAP and POP" in group
    assert "Degraded: opens by POP, not by IMAP" in channel


def test_the_playground_has_no_dark_theme_of_its_own(playground: PlaygroundCommand) -> None:
    """On a machine that is set to dark it has the colours that it has on any other; so the tests make it dark."""
    steps: list[Step] = [{**_GREETED, "system": system, "colours": "yes"} for system in ("dark", "light")]
    on_dark, on_light = playground.drive(steps)
    assert on_dark == on_light
    made_dark, _ = playground.drive(steps, "dark")
    assert made_dark != on_light


def test_the_cards_in_the_dark(playground: PlaygroundCommand) -> None:
    """The cards say the same in Teams' dark theme, closed and opened, and their pictures are there to be looked at."""
    # name of the picture -> what is done, and a part of what is seen then.
    steps: dict[str, tuple[Step, str]] = {
        "welcome": (_GREETED, 'Write "help"'),
        "help": ({"say": "hello", "until": _HELP}, "mailcheck whoami"),
        "healthy": ({"say": "shared@contoso.com", "until": _VERDICT}, "Healthy"),
        "folders": ({"press": "Folders", "until": "INBOX"}, "Größe und Maß"),
        "broken": ({"say": "not-granted@contoso.com", "until": _VERDICT}, "Add-MailboxPermission"),
        "causes": ({"tap": "Show or hide cause 2 of 5"}, "Cause 2 of 5"),
        "transcript": ({"press": _VERDICT, "until": "IMAP transcript"}, "AUTHENTICATE XOAUTH2"),
        "degraded": ({"say": "no-pop@contoso.com", "until": _VERDICT}, "Degraded"),
        "explained": ({"press": "Explain", "until": "What you see"}, "pop-sign-in-refused"),
        "progress": ({"say": "slow@contoso.com", "until": "signing in"}, "slow@contoso.com"),
        "ten": ({"say": _TEN, "until": "of 10 mailboxes healthy"}, "unknown@contoso.com"),
        "ten-opened": ({"tap": "Show or hide no-pop@contoso.com", "until": "-ERR"}, "-ERR Authentication failure"),
        "channel-welcome": ({"channel": "General", **_GREETED}, 'Write "help"'),
        "channel": ({"to": "mailcheck", "say": "info@contoso.com", "until": _VERDICT}, "Healthy"),
    }
    done: list[Step] = [{**step, "picture": _picture(f"{name}-dark")} for name, (step, _) in steps.items()]
    seen = playground.drive(done, "dark")
    for text, (name, (_, part)) in zip(seen, steps.items(), strict=True):
        assert part in text, name


def test_it_listens_on_loopback_only(playground: PlaygroundCommand) -> None:
    """The Playground holds its port on 127.0.0.1 and on no other address of this machine."""
    with pytest.raises(OSError, match="in use"), socket.socket() as same:
        same.bind(("127.0.0.1", playground.port))
    with socket.socket() as other:
        other.bind(("127.0.0.2", playground.port))


@pytest.mark.parametrize(
    "attempt",
    [
        "net.connect(443, '192.0.2.1').on('error', tell)",
        "http.get('http://host.example/').on('error', tell)",
        "https.get('https://host.example/').on('error', tell)",
        "fetch('https://host.example/').catch(error => tell(error.cause))",
    ],
)
def test_it_reaches_no_other_machine(attempt: str) -> None:
    """Whichever way a program under confine.cjs connects to another machine, it is refused without a look-up."""
    told = confined(f"const tell = error => console.log(error.message); {attempt}")
    assert told.startswith("not on this machine: ")


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    """After Ctrl-C the command ends with 0, without a traceback, and no process of it is left."""
    with PlaygroundCommand(tmp_path) as command:
        pass
    assert command.exit_code == 0, command.logs
    assert command.nobody_left()
    assert "Traceback" not in command.logs
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "a temporary folder was left"


def test_no_process_survives_a_killed_command(tmp_path: Path) -> None:
    """When the command is killed, the Playground and the Functions host go by themselves."""
    with PlaygroundCommand(tmp_path) as command:
        os.kill(command.process.pid, signal.SIGKILL)
        command.process.wait()
    assert command.nobody_left(), command.logs
