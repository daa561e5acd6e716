"""What a chat's terminal shows: the prompt, who is typing, and messages, of which the last can be redrawn in place.

On a pipe nothing is ever taken back: each drawing is written once, below the one before.
"""

from lab.teams.activities import BOT_NAME
from lab.teams.styled import BOLD, DIM, Run, Style, cells, neutral, paint, wrap
from lab.teams.terminal import Terminal

PROMPT = "you> "
_UP_AND_ERASE = "\x1b[{}A\x1b[J"  # ECMA-48: CUU, ED
_ERASE_LINE = "\r\x1b[J"


class Screen:
    """Draws on one terminal.

    Args:
        terminal: Where to.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._last: str | None = None  # the message that may be redrawn
        self._rows = 0  # rows from the top of that message to the cursor's
        self._prompting = False
        self._typing = False

    def prompt(self) -> None:
        """Asks for a line. On a pipe, the prompt is written with the line, once there is one."""
        if self._terminal.live:
            self._prompting = True
            self._terminal.write(self._painted(PROMPT, BOLD))

    def typed(self, line: str, *, said: bool) -> None:
        """A line was read; `said` to the bot, it stays on the screen, and so does what is above it."""
        self._prompting = False
        if self._terminal.live:  # the terminal has echoed it already
            self._rows += self._rows_of(PROMPT + line)
        else:
            self._terminal.write(f"{PROMPT}{neutral(line)}\n")
        if said:
            self.keep()

    def keep(self) -> None:
        """What is on the screen stays there: nothing above this line is redrawn."""
        self._last = None

    def note(self, text: str) -> None:
        """A remark of the chat's own, dim; on a terminal broken between words."""
        line = Run(neutral(text).replace("\n", " "), DIM)
        lines = wrap([line], self._terminal.width) if self._terminal.live else [(line,)]
        self._write_below("\n".join(paint(one, colour=self._terminal.colour) for one in lines))

    def show(self, post_id: str, drawing: str) -> None:
        """Draws a message; over its old drawing, where that is the last thing on the screen."""
        prompting = self._step_back()
        if self._terminal.live and post_id == self._last and 0 < self._rows < self._terminal.height:
            self._terminal.write(_UP_AND_ERASE.format(self._rows))
        self._last, self._rows = post_id, 0
        self._write_below(drawing)
        if prompting:
            self.prompt()

    def typing(self) -> None:
        """The bot is typing, until something else is shown."""
        if not self._terminal.live or self._typing:
            return
        prompting = self._step_back()
        self._write_below(self._painted(f"{BOT_NAME} is typing...", Style(dim=True, italic=True)))
        self._typing = True
        if prompting:
            self.prompt()

    def rest(self) -> None:
        """The bot's turn is over: it is not typing any more."""
        prompting = self._step_back()
        if prompting:
            self.prompt()

    def close(self) -> None:
        """Leaves the terminal at the start of a line."""
        if self._prompting:
            self._prompting = False
            self._terminal.write("\n")

    def _step_back(self) -> bool:
        """Takes away what is there for the moment only; returns whether the prompt was, and must come again."""
        prompting, self._prompting = self._prompting, False
        if prompting:
            self._terminal.write(_ERASE_LINE)
        if self._typing:
            self._typing = False
            self._rows -= 1
            self._terminal.write(_UP_AND_ERASE.format(1))
        return prompting

    def _write_below(self, text: str) -> None:
        self._terminal.write(text + "\n")
        self._rows += text.count("\n") + 1

    def _rows_of(self, line: str) -> int:
        """How many rows a line takes that the terminal breaks itself."""
        return max(1, -(-cells(line) // self._terminal.width))

    def _painted(self, text: str, style: Style) -> str:
        return paint((Run(text, style),), colour=self._terminal.colour)
