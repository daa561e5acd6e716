"""What Teams asks of a card before it shows it: that it is an AdaptiveCard, and not too large."""

import json
from collections.abc import Mapping

# Teams' own limit for a message has grown from 28 KB to about 100 KB; clients in use are of every age.
MAX_CARD_BYTES = 28 * 1024


def is_card(content: object) -> bool:
    """Whether this is an Adaptive Card at all."""
    return isinstance(content, Mapping) and content.get("type") == "AdaptiveCard"


def card_bytes(card: object) -> int:
    """The octets of a card as compact JSON in UTF-8."""
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="surrogatepass"))
