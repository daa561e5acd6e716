"""What a protocol found, in words that the terminal and the cards share."""

from mailcheck.model.report import Listing, Maildrop, Opened, Submission


def done(found: Opened) -> str:
    """What the server did, to go after the protocol's name."""
    return "accepted the sign-in" if isinstance(found, Submission) else "opened the mailbox"


def contents(found: Opened) -> str:
    """What was found there."""
    match found:
        case Listing(folders, unreadable):
            return count(len(folders), "folder") + (f", {unreadable:,} more could not be read" if unreadable else "")
        case Maildrop(messages, octets):
            return f"{count(messages, 'message')}, {octets:,} bytes"
        case Submission(size_limit):
            return (
                f"takes messages of up to {size_limit:,} bytes"
                if size_limit
                else "names no limit for the size of messages"
            )


def count(number: int, noun: str) -> str:
    """The number with its noun, in the plural where it belongs."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
