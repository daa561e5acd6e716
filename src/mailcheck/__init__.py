"""Can this app open this mailbox by IMAP or POP, and if not, which setting is wrong?

Rooms, from the ground up: model, protocol and diagnosis, usecases, adapters and faces and settings, compose.
ARCHITECTURE.md has the map; tests/architecture holds the arrows.
"""

__version__ = "0.1.0"
