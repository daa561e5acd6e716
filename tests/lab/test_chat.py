"""The terminal chat, driven by scripted lines, on a pipe and on a terminal."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from lab.teams.chat import chat
from lab.teams.conversation import ANNA, CARD_TYPE
from lab.teams.service import Teams
from lab.teams.terminal import Terminal
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import utc_now
from tests.lab.teams_bot import TinyBot, entra_verify

WIDTH = 40
SOON = 10.0  # seconds: a deadline for what happens at once


def attachment(words: str, verb: str = "check") -> dict[str, Any]:
    """A message's members: one card with three buttons; `verb` is what the first of them asks for."""
    content = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": words},
            {"type": "TextBlock", "text": "Inbox", "id": "folders", "isVisible": False},
        ],
        "actions": [
            {"type": "Action.Execute", "title": "Again", "verb": verb},
            {"type": "Action.ToggleVisibility", "title": "Folders", "targetElements": ["folders"]},
            {"type": "Action.OpenUrl", "title": "Help", "url": "https://a.example/\x1b[2J"},
        ],
    }
    return {"attachments": [{"contentType": CARD_TYPE, "content": content}]}


async def checker(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
    """A bot with a progress card, a button, a refusal and a breakdown."""
    match incoming:
        case {"type": "installationUpdate", "action": "add"}:
            await bot.reply(incoming, text=f"Hello, {incoming['from']['name']}")
        case {"type": "invoke", "value": {"action": {"verb": "words"}}}:
            kind = "application/vnd.microsoft.activity.message"
            return web.json_response({"statusCode": 200, "type": kind, "value": "Checked, nothing new."})
        case {"type": "invoke", "value": {"action": {"verb": "failing"}}}:
            return web.Response()
        case {"type": "invoke"}:
            value = attachment("checked again")["attachments"][0]["content"]
            return web.json_response({"statusCode": 200, "type": CARD_TYPE, "value": value})
        case {"text": text} if "check a" in text:
            await bot.reply(incoming, type="typing")
            made = await bot.reply(incoming, **attachment("working"))
            await bot.update(incoming, made, **attachment("healthy"))
        case {"text": "words" | "failing" as verb}:
            await bot.reply(incoming, **attachment("press", verb))
        case {"text": text} if "break" in text:
            return web.Response(status=500)
        case {"text": text} if "problem" in text:
            problem = {"status": 503, "detail": "not configured: \x1b[31m"}
            return web.json_response(problem, status=503, content_type="application/problem+json")
        case {"text": text}:
            await bot.reply(incoming, text=f"**{text}**? \x1b[31m")
        case _:
            pass
    return web.Response()


@dataclass
class Script:
    """Plays the person: gives lines, and keeps what was written."""

    lines: list[str]
    written: list[str] = field(default_factory=list)

    async def read_line(self) -> str | None:
        """The next line of the script, or the end of the input."""
        return self.lines.pop(0) if self.lines else None

    @property
    def output(self) -> str:
        """All that was written."""
        return "".join(self.written)

    def pipe(self) -> Terminal:
        """A pipe in place of a terminal."""
        return Terminal(self.read_line, self.written.append, WIDTH)


@asynccontextmanager
async def checked_bot() -> AsyncIterator[Teams]:
    """Teams with the bot above."""
    async with TinyBot(checker) as bot:
        teams = Teams(bot_url=bot.url, bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=utc_now)
        async with teams:
            bot.metadata_url = teams.metadata_url
            yield teams


async def piped(*lines: str) -> str:
    """What the chat writes on a pipe for these lines, after its help line."""
    script = Script(list(lines))
    async with checked_bot() as teams, asyncio.timeout(SOON):
        await chat(teams, script.pipe())
    _, _, rest = script.output.partition("\n")
    return rest


HEALTHY = """\
╭──────────────────────────────────────╮
│ healthy                              │
├──────────────────────────────────────┤
│ [ 1 Again ]  [ 2 Folders ]           │
│ [ 3 Help ↗ ]                         │
╰──────────────────────────────────────╯
"""
GREETING = "Anna Berg, personal chat\nmailcheck> Hello, Anna Berg\n"


async def test_a_pipe_gets_each_answer_in_its_final_state() -> None:
    """On a pipe the typed line is repeated, then the card is written once, as it was when the turn had ended."""
    assert await piped("check a@b.c") == f"{GREETING}you> check a@b.c\n{HEALTHY}"


async def test_what_the_bot_says_is_harmless() -> None:
    """Text from the bot is rendered without its marks, and without power over the terminal."""
    assert await piped("hello") == f"{GREETING}you> hello\nmailcheck> hello? ␛[31m\n"


async def test_a_number_presses_a_button() -> None:
    """Action.Execute asks the bot, and the card that it answers with is drawn."""
    assert await piped("check a@b.c", "1") == (
        f"{GREETING}you> check a@b.c\n{HEALTHY}you> 1\n{HEALTHY.replace('healthy      ', 'checked again')}"
    )


async def test_a_toggle_is_the_chats_own_matter() -> None:
    """ToggleVisibility draws the card again with its target, and another press folds it away."""
    output = await piped("check a@b.c", "2", "2")

    assert [drawing.count("Inbox") for drawing in output.split("╰")] == [0, 1, 0, 0]


async def test_a_link_is_written_out() -> None:
    """OpenUrl shows the address, made harmless."""
    assert (await piped("check a@b.c", "3")).endswith("you> 3\nhttps://a.example/␛[2J\n")


async def test_a_number_without_a_button_is_said() -> None:
    """Where no button has the number, it is a message like another."""
    assert (await piped("7")).endswith("you> 7\nmailcheck> 7? ␛[31m\n")


async def test_a_failed_turn_is_told() -> None:
    """An HTTP error of the bot is shown with its status, and with what is wrong where it says so (RFC 9457)."""
    assert (await piped("break")).endswith("you> break\nmailcheck answered HTTP 500\n")
    assert (await piped("problem")).endswith("you> problem\nmailcheck answered HTTP 503: not configured: ␛[31m\n")


async def test_another_user_and_other_places() -> None:
    """`:as`, `:group` and `:channel` change who speaks where; the bot is mentioned outside a personal chat."""
    output = await piped(":as ben", "hello", ":group", "hello", ":channel", ":personal", ":as nobody", ":what")

    assert output == GREETING + (
        "you> :as ben\nBen Okoro, personal chat\nmailcheck> Hello, Ben Okoro\n"
        "you> hello\nmailcheck> hello? ␛[31m\n"
        "you> :group\nBen Okoro, Mail operations chat\nmailcheck> Hello, Ben Okoro\n"
        "you> hello\nmailcheck> <at>mailcheck</at> hello?\n           ␛[31m\n"
        "you> :channel\nBen Okoro, General\nmailcheck> Hello, Ben Okoro\n"
        "you> :personal\nBen Okoro, personal chat\n"
        "you> :as nobody\nNobody here has that name. There are: Anna Berg, Ben Okoro, Chloe Martin.\n"
        "you> :what\n:as NAME :personal :group :channel :remove :install :quit; a number is a button\n"
    )


async def test_each_person_has_their_own_view() -> None:
    """In a group, who pressed sees the answered card; another sees what was posted, with the same buttons."""
    again = HEALTHY.replace("healthy      ", "checked again")
    output = await piped(":group", "check a@b.c", "1", ":as ben", ":as anna")

    _, _, rest = output.partition("you> check a@b.c\n")
    assert rest == (
        f"{HEALTHY}you> 1\n{again}"
        f"you> :as ben\nBen Okoro, Mail operations chat\n{HEALTHY}"
        f"you> :as anna\nAnna Berg, Mail operations chat\n{again}"
    )


async def test_words_and_failures_of_a_press_are_told() -> None:
    """An answer in words is shown as the bot's; a failed press as Teams says it, with the reason below."""
    output = await piped("words", "1", "failing", "1")

    assert "you> 1\nmailcheck> Checked, nothing new.\n" in output
    assert output.endswith(
        "you> 1\nmailcheck> Something went wrong. Please\n           try again.\n"
        "why the button failed: the answer is no JSON object\n"
    )


async def test_the_app_can_be_removed_and_installed_again() -> None:
    """Where it was removed nothing is said to the bot; installed again, it greets again."""
    output = await piped(":remove", "hello", ":install", "hello")

    assert output == GREETING + (
        "you> :remove\nmailcheck is removed; :install brings it back\n"
        "you> hello\nmailcheck is not here; :install brings it\n"
        "you> :install\nmailcheck> Hello, Anna Berg\n"
        "you> hello\nmailcheck> hello? ␛[31m\n"
    )


async def test_quit_ends_before_the_input_does() -> None:
    """`:quit` is the last line that is read."""
    assert await piped(":quit", "hello") == GREETING


class Vt:
    """Just enough of a terminal to see what is left on the screen: CUU, ED below, CR, newline; colours are dropped."""

    def __init__(self) -> None:
        self.rows = [""]
        self.row = 0
        self.ever = ""

    def feed(self, text: str) -> None:
        """Interprets what was written."""
        self.ever += text
        for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if token == "\n":
                self.row += 1
                self.rows += [""] * (self.row + 1 - len(self.rows))
            elif token == "\r":
                pass  # the chat erases right after it
            elif token.endswith("A"):
                self.row -= int(token[2:-1])
                assert self.row >= 0, "the cursor left the screen"
            elif token.endswith("J"):
                self.rows = [*self.rows[: self.row], ""]
            elif not token.startswith("\x1b"):
                self.rows[self.row] += token

    @property
    def screen(self) -> str:
        """What a person sees below the help at the top, which is three lines here."""
        return "\n".join(self.rows[3:])


async def on_a_terminal(*lines: str, height: int = 24) -> Vt:
    """The terminal after a person typed these lines."""
    vt = Vt()

    async def read_line() -> str | None:
        for line in todo:
            todo.remove(line)
            vt.feed(line + "\n")  # the terminal's own echo
            return line
        return None

    todo = list(lines)
    terminal = Terminal(read_line, vt.feed, WIDTH, height, colour=True, live=True)
    async with checked_bot() as teams, asyncio.timeout(SOON):
        await chat(teams, terminal)
    return vt


async def test_a_card_is_replaced_in_place() -> None:
    """On a terminal typing and progress leave nothing behind: only the last state of the card is there."""
    vt = await on_a_terminal("check a@b.c")

    assert vt.screen == f"{GREETING}you> check a@b.c\n{HEALTHY}you> \n"
    assert "mailcheck is typing..." in vt.ever
    assert "working" in vt.ever


async def test_a_pressed_button_redraws_its_card() -> None:
    """The card takes its own place again, and the typed number is gone, as with a button."""
    again = HEALTHY.replace("healthy      ", "checked again")

    vt = await on_a_terminal("check a@b.c", "3", "1")

    assert vt.screen == f"{GREETING}you> check a@b.c\n{again}you> \n"


async def test_what_was_said_stays() -> None:
    """A message of the person's is never drawn over."""
    screen = (await on_a_terminal("check a@b.c", "hello", "2")).screen

    assert screen.startswith(f"{GREETING}you> check a@b.c\n{HEALTHY}you> hello\nmailcheck> hello? ␛[31m\n")
    assert "Inbox" in screen


async def test_a_card_beyond_the_screen_is_drawn_again_below() -> None:
    """The cursor cannot reach the top of a card taller than the screen: it is not tried."""
    screen = (await on_a_terminal("check a@b.c", "1", height=5)).screen

    assert screen.count("healthy") == 1
    assert screen.count("checked again") == 1


async def test_unasked_messages_appear_while_the_person_thinks() -> None:
    """What the bot sends between turns is drawn above the prompt, which comes again."""
    vt = Vt()
    shown = asyncio.Event()
    asked = asyncio.Event()

    def write(text: str) -> None:
        vt.feed(text)
        if "digest" in vt.screen:
            shown.set()

    async def read_line() -> str | None:
        asked.set()
        await shown.wait()
        return None

    async with checked_bot() as teams, asyncio.timeout(SOON):
        talk = asyncio.create_task(chat(teams, Terminal(read_line, write, WIDTH, live=True)))
        await asked.wait()
        personal = teams.directory.personal(ANNA)
        await personal.add({"type": "typing", "id": "8", "from": {"id": teams.bot_account_id}})
        await personal.add({"type": "message", "id": "9", "from": {"id": teams.bot_account_id}, "text": "digest"})
        await talk

    assert vt.screen.endswith(f"{GREETING}mailcheck> digest\nyou> \n")


async def test_cancelling_leaves_the_terminal_in_order() -> None:
    """Ctrl-C, which cancels the chat, ends the line with the prompt and stops everything."""
    script = Script([])
    asked = asyncio.Event()

    async def read_line() -> str | None:
        asked.set()
        return await asyncio.Event().wait() and None

    async with checked_bot() as teams, asyncio.timeout(SOON):
        talk = asyncio.create_task(chat(teams, Terminal(read_line, script.written.append, WIDTH, live=True)))
        await asked.wait()
        talk.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talk

    assert script.output.endswith("you> \n")
