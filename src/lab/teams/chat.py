"""A chat with the bot in a terminal: lines are said, numbers press buttons, a colon begins a command of the chat."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from lab.teams.activities import BOT_NAME
from lab.teams.answered import Failed, Told
from lab.teams.card_text import draw_text, lay_out, toggled
from lab.teams.conversation import Conversation, Happening, Kind, Person, Post
from lab.teams.screen import Screen
from lab.teams.service import Reply, Teams
from lab.teams.styled import BOLD, Run, cells, paint
from lab.teams.terminal import Terminal

HELP = ":as NAME :personal :group :channel :remove :install :quit; a number is a button"
_NOT_HERE = f"{BOT_NAME} is not here; :install brings it"
_REMOVED = f"{BOT_NAME} is removed; :install brings it back"
_BOT_PROMPT = f"{BOT_NAME}> "
_HTTP_ERROR = 400


async def chat(teams: Teams, terminal: Terminal) -> None:
    """Talks until the input ends or `:quit`; Ctrl-C cancels it and leaves the terminal in order.

    Args:
        teams: A started Teams whose bot can be reached. The app is installed in each conversation on first entry.
        terminal: Where the talk happens. On a pipe each answer is written when the bot's turn has ended.
    """
    session = _Session(teams, terminal)
    watcher = asyncio.create_task(session.watch()) if terminal.live else None
    try:
        await session.run()
    finally:
        session.screen.close()
        if watcher is not None:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher


class _Button(NamedTuple):
    """An action that can be pressed by its number, and the card and the message it stands on."""

    post: Post
    card: Mapping[str, Any]
    action: Mapping[str, Any]


class _Session:
    """One run of the chat: who speaks where, what was shown, and what is folded out."""

    def __init__(self, teams: Teams, terminal: Terminal) -> None:
        self._teams = teams
        self._terminal = terminal
        self.screen = Screen(terminal)
        self._user = teams.directory.people[0]
        self._conversation = teams.directory.personal(self._user)
        self._entered = asyncio.Event()  # set at each change of conversation, for `watch`
        self._seen: dict[str, int] = {}  # changes shown, by conversation
        self._open: dict[str, frozenset[str]] = {}  # flipped elements, by post
        self._buttons: list[_Button] = []

    async def run(self) -> None:
        """Reads and answers lines."""
        self.screen.note(HELP)
        await self._enter(self._conversation)
        while True:
            self.screen.prompt()
            line = await self._terminal.read_line()
            if line is None or line.strip() == ":quit":
                return
            await self._answer(line.strip())

    async def watch(self) -> None:
        """Shows what happens while nobody waits for it: typing, progress, messages the bot sends unasked."""
        while True:
            self._entered.clear()
            entered = asyncio.create_task(self._entered.wait())
            happened = asyncio.create_task(self._conversation.next_change(after=self._seen_here))
            try:
                await asyncio.wait({entered, happened}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                entered.cancel()
                happened.cancel()
            self._catch_up()

    async def _answer(self, line: str) -> None:
        pressed = self._button(line)
        said = bool(line) and pressed is None and not line.startswith(":")
        self.screen.typed(line, said=said)
        if pressed is not None:
            await self._press(pressed)
        elif said and not self._teams.directory.has_bot(self._conversation.id):
            self.screen.note(_NOT_HERE)
        elif said:
            group = self._conversation.kind is not Kind.PERSONAL
            reply = self._teams.say(line, conversation=self._conversation, user=self._user, mention=group)
            self._end_turn(await reply)
        elif line:
            await self._command(line)

    async def _command(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        directory = self._teams.directory
        match name:
            case ":as":
                await self._speak_as(directory.named(argument))
            case ":personal":
                await self._enter(directory.personal(self._user))
            case ":group":
                await self._enter(directory.group())
            case ":channel":
                await self._enter(directory.channel())
            case ":remove":
                self._end_turn(await self._teams.uninstall(conversation=self._conversation, user=self._user))
                self.screen.note(_REMOVED)
            case ":install":
                await self._install()
            case _:
                self.screen.note(HELP)

    async def _speak_as(self, user: Person | None) -> None:
        if user is None:
            names = ", ".join(person.name for person in self._teams.directory.people)
            self.screen.note(f"Nobody here has that name. There are: {names}.")
            return
        self._user = user
        if self._conversation.kind is Kind.PERSONAL:
            await self._enter(self._teams.directory.personal(user))
            return
        await self._enter(self._conversation)
        said = self._conversation.since(0, sender=self._teams.bot_account_id)
        if said and said[-1].cards:
            self._show(said[-1])  # its buttons are this person's now, and its card may be another

    async def _enter(self, conversation: Conversation) -> None:
        """Goes to a conversation; on the first visit the app is installed there, and the bot may greet."""
        self._conversation = conversation
        self._buttons = []
        self.screen.keep()
        self._entered.set()
        place = "personal chat" if conversation.kind is Kind.PERSONAL else conversation.name
        self.screen.note(f"{self._user.name}, {place}")
        if conversation.id not in self._seen:
            self._seen[conversation.id] = 0
            await self._install()
        self._catch_up()

    async def _install(self) -> None:
        for reply in await self._teams.install(conversation=self._conversation, user=self._user):
            self._end_turn(reply)

    def _button(self, line: str) -> _Button | None:
        """The button with this number; None if the line is no number, or no button has it."""
        number = int(line) if line.isdecimal() and line.isascii() else 0
        return self._buttons[number - 1] if 1 <= number <= len(self._buttons) else None

    async def _press(self, button: _Button) -> None:
        post, card, action = button
        match action["type"]:
            case "Action.ToggleVisibility":
                self._open[post.id] = toggled(card, action, self._open.get(post.id, frozenset()))
                self._show(post)
            case "Action.OpenUrl":
                self.screen.note(str(action.get("url", "")))
            case _:
                reply = self._teams.press(action, post, conversation=self._conversation, user=self._user)
                self._end_turn(await reply)

    def _end_turn(self, reply: Reply) -> None:
        self._catch_up()
        self.screen.rest()
        if isinstance(reply.outcome, Told | Failed):
            self.screen.show(f"answer to {reply.activity['id']}", self._said(reply.outcome.text))
        if isinstance(reply.outcome, Failed):
            self.screen.note(f"why the button failed: {reply.outcome.why}")
        elif reply.status >= _HTTP_ERROR:
            detail = reply.body.get("detail") if isinstance(reply.body, Mapping) else None
            self.screen.note(f"{BOT_NAME} answered HTTP {reply.status}{f': {detail}' if detail else ''}")

    @property
    def _seen_here(self) -> int:
        return self._seen.get(self._conversation.id, 0)

    def _catch_up(self) -> None:
        """Shows every change that was not shown yet; on a pipe, each message once and in its last state."""
        changes = self._conversation.changes[self._seen_here :]
        self._seen[self._conversation.id] = self._seen_here + len(changes)
        if not self._terminal.live:
            last = {change.post.id: change for change in changes}
            changes = list(last.values())
        for change in changes:
            if change.post.sender != self._teams.bot_account_id:
                continue
            if change.only_for not in ("", self._user.id):
                continue
            if change.happening in (Happening.UPDATED, Happening.ANSWERED):
                self._open.pop(change.post.id, None)  # Teams draws another card afresh
            if change.post.type == "typing":
                self.screen.typing()
            else:
                self._show(change.post)

    def _show(self, post: Post) -> None:
        if post.deleted:
            self.screen.show(post.id, self._said("_This message has been deleted._"))
            return
        parts = [self._said(post.text)] if post.text else []
        buttons: list[_Button] = []
        for card in post.cards_for(self._user):
            drawing = lay_out(
                card,
                width=self._terminal.width,
                colour=self._terminal.colour,
                open_toggles=self._open.get(post.id, frozenset()),
                first=len(buttons) + 1,
            )
            parts.append(drawing.text)
            buttons += [_Button(post, card, action) for action in drawing.buttons]
        if buttons or (self._buttons and self._buttons[0].post is post):
            self._buttons = buttons
        self.screen.show(post.id, "\n".join(parts))

    def _said(self, text: str) -> str:
        """A text of the bot's, behind its name."""
        indent = " " * cells(_BOT_PROMPT)
        lines = draw_text(text, width=self._terminal.width - len(indent), colour=self._terminal.colour)
        name = paint((Run(_BOT_PROMPT, BOLD),), colour=self._terminal.colour)
        return name + lines.replace("\n", f"\n{indent}")
