"""What a check found, in words that the terminal and the cards share."""

from mailcheck.model.report import CertificateFacts, Listing, Maildrop, Opened, Submission


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


def in_force(certificate: CertificateFacts) -> str:
    """For how long it is, or since when it is not."""
    day = f"{certificate.not_after:%Y-%m-%d}"
    if certificate.days_left < 0:
        return f"expired on {day}"
    left = count(certificate.days_left, "day") if certificate.days_left else "less than a day"
    return f"{left} left (until {day})"


def count(number: int, noun: str) -> str:
    """The number with its noun, in the plural where it belongs."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
