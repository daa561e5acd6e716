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

from tests.interop.playground_kit import Look, PlaygroundCommand, Step, confined

pytestmark = pytest.mark.interop

_ROOT = Path(__file__).parents[2]
_ARTIFACTS = _ROOT / "artifacts"
_HELP = "mailcheck shared@contoso.com imap"
_VERDICT = "Show transcript"  # a button that every verdict has, and nothing before it
_GREETED: Step = {"until": _HELP}  # opening a chat installs the bot in it


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundCommand]:
    """The running command."""
    with PlaygroundCommand(tmp_path_factory.mktemp("playground")) as command:
        yield command


def _picture(name: str) -> str:
    _ARTIFACTS.mkdir(exist_ok=True)
    return str(_ARTIFACTS / f"playground-{name}.png")


def _document(picture: str, name: str) -> None:
    if os.environ.get("MAILCHECK_UPDATE_DOCS") == "1":
        shutil.copy(_picture(picture), _ROOT / "docs" / f"{name}.png")


def test_who_installs_it_and_who_says_hello_learns_what_to_write(playground: PlaygroundCommand) -> None:
    """The bot greets by itself with its help, and answers small talk with the same."""
    greeting, answer = playground.drive([_GREETED, {"say": "hello", "until": _HELP, "picture": _picture("help")}])
    assert greeting == answer


def test_the_verdict_on_a_healthy_mailbox_folds_its_folders_out(playground: PlaygroundCommand) -> None:
    """The card names the mailbox and the protocols that open it; a button shows the folders and hides them again."""
    _, closed, opened, folded = playground.drive(
        [
            _GREETED,
            {"say": "/mailcheck shared@contoso.com", "until": _VERDICT, "picture": _picture("closed")},
            {"press": "Folders", "until": "INBOX", "picture": _picture("opened")},
            {"press": "Folders", "until": _VERDICT},
        ]
    )
    assert "shared@contoso.com" in closed
    assert "Healthy" in closed
    assert "INBOX" not in closed
    assert "Größe und Maß" in opened
    assert folded == closed
    _document("opened", "card-healthy")


def test_the_verdict_on_a_broken_mailbox_has_the_command_that_mends_it(playground: PlaygroundCommand) -> None:
    """Where IMAP is switched off, the card shows the cmdlet that switches it on, with the mailbox filled in."""
    question: Step = {"say": "/mailcheck no-imap@contoso.com", "until": _VERDICT, "picture": _picture("broken")}
    _, shown = playground.drive([_GREETED, question])
    assert "Degraded" in shown
    assert "Set-CASMailbox -Identity 'no-imap@contoso.com' -ImapEnabled $true" in shown
    _document("broken", "card")


def test_a_mention_in_a_group_chat_is_answered_there(playground: PlaygroundCommand) -> None:
    """In a group chat the bot greets too, and an address after a mention of it is a command."""
    question = {"to": "mailcheck", "say": "info@contoso.com", "until": _VERDICT}
    *_, shown = playground.drive([_GREETED, {"in": "Mail operations chat", **_GREETED}, question])
    assert "info@contoso.com" in shown
    assert "Healthy" in shown


def test_a_mention_in_a_channel_is_answered_in_its_thread(playground: PlaygroundCommand) -> None:
    """A post in a channel gets the same verdict below it."""
    question = {"to": "mailcheck", "say": "no-imap@contoso.com", "until": _VERDICT, "picture": _picture("channel")}
    *_, shown = playground.drive([_GREETED, {"channel": "General", **_GREETED}, question])
    assert "Degraded: opens by POP, not by IMAP" in shown


_LOOKS = (Look("dark", theme="dark"), Look("narrow", width=320), Look("narrow-dark", theme="dark", width=320))


@pytest.mark.parametrize("look", _LOOKS, ids=lambda look: look.name)
def test_what_it_looks_like_dark_and_on_a_telephone(playground: PlaygroundCommand, look: Look) -> None:
    """The cards say the same in the dark and where it is narrow, and their pictures are there to be looked at."""
    cards = {"help": "hello", "healthy": "shared@contoso.com", "broken": "not-granted@contoso.com"}
    steps: list[Step] = [
        {"say": words, "until": _HELP if name == "help" else _VERDICT, "picture": _picture(f"{name}-{look.name}")}
        for name, words in cards.items()
    ]
    _, helped, healthy, broken = playground.drive([_GREETED, *steps], look)
    assert _HELP in helped
    assert "Healthy" in healthy
    assert "Add-MailboxPermission" in broken


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
