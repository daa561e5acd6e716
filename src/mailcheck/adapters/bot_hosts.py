"""Where a bot may answer: the hosts of Teams' connector, and nobody else's.

The bot sends its own token to an activity's `serviceUrl`. That the address is signed says that the Bot Framework wrote
it; that its host is one of these says that it is Teams'.
"""

import re
from collections.abc import Collection
from typing import Final

from mailcheck.model.plain_url import PATH, is_loopback

# https://microsoft.github.io/teams-sdk/csharp/essentials/app-configuration/service-url-validation, the public cloud:
# worldwide, and GCC. Whole names: anybody can have another name under trafficmanager.net.
TEAMS_HOSTS: Final = frozenset(
    {"smba.trafficmanager.net", "smba.onyx.prod.teams.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"}
)
ADDRESS_LIMIT: Final = 512  # characters; Teams' are below 100

_HTTPS: Final = re.compile(rf"https://([a-z0-9.-]+)(?::443)?{PATH}")


class ServiceHosts:
    """The hosts at which the bot may answer.

    Args:
        further: Names besides those that are known here: what Microsoft adds before we do.
        metadata: Where the keys that sign the requests are. Where that is this machine, a lab signs them, and may be
            answered on it too.
    """

    def __init__(self, further: Collection[str] = (), *, metadata: str = "") -> None:
        self._hosts = TEAMS_HOSTS | {host.lower() for host in further}
        self._lab = is_loopback(metadata)

    def takes(self, url: str) -> bool:
        """Whether a `serviceUrl` is an address of one of the hosts: `https://`, on port 443, with a path or none."""
        if len(url) > ADDRESS_LIMIT:
            return False
        found = _HTTPS.fullmatch(url)
        return found[1] in self._hosts if found else self._lab and is_loopback(url)
