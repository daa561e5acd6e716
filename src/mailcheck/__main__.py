"""`python -m mailcheck`: the terminal's way in."""

import asyncio
import io
import sys

from mailcheck import __version__, application
from mailcheck.faces import cli


def main() -> int:
    """Parses the arguments before anything is built, then runs the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows "?" for what it does not have
    arguments = cli.parse(sys.argv[1:], __version__)
    app = application()
    return asyncio.run(cli.run(arguments, app.check, app.protocols, out=sys.stdout, err=sys.stderr))


if __name__ == "__main__":
    sys.exit(main())
