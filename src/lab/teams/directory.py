"""All conversations of the lab's tenant: one personal chat per person, group chats, a team with a channel."""

from dataclasses import dataclass, field

from lab.teams.conversation import PEOPLE, Conversation, Kind, Person

TEAM_ID = "19:lab-team@thread.tacv2"
TEAM_NAME = "Mail operations"
CHANNEL_ID = "19:lab-general@thread.tacv2"
CHANNEL_NAME = "General"
GROUP_NAME = "Mail operations chat"
_GROUP_ID = "19:lab-group@thread.v2"
_FIRST_THREAD = "1700000000000"


@dataclass
class Directory:
    """The conversations by id, made when they are first asked for.

    Attributes:
        tenant_id: The tenant that they belong to.
        people: The users of the tenant, all of them in the group chats and the team.
        conversations: What exists so far. Where the app is not installed, the bot may not write.
    """

    tenant_id: str
    people: tuple[Person, ...] = field(default=PEOPLE, init=False)
    conversations: dict[str, Conversation] = field(default_factory=dict, init=False)
    _installed: set[str] = field(default_factory=set, init=False)

    def find(self, conversation_id: str) -> Conversation | None:
        """The conversation with this id."""
        return self.conversations.get(conversation_id)

    def install(self, conversation_id: str) -> None:
        """Installs the app in a chat or, by any of its threads, in the team."""
        self._installed.add(place_of(conversation_id))

    def uninstall(self, conversation_id: str) -> None:
        """Removes the app from there."""
        self._installed.discard(place_of(conversation_id))

    def has_bot(self, conversation_id: str) -> bool:
        """Whether the bot is in this conversation's roster."""
        return place_of(conversation_id) in self._installed

    def personal(self, person: Person) -> Conversation:
        """The chat between this person and the bot."""
        return self._get(f"a:1{person.object_id}", Kind.PERSONAL, (person,), "")

    def group(self) -> Conversation:
        """The group chat of everybody and the bot."""
        return self._get(_GROUP_ID, Kind.GROUP, self.people, GROUP_NAME)

    def new_group(self) -> Conversation:
        """One more group chat of everybody and the bot, in which nothing was said yet."""
        return self._get(f"19:lab-group-{len(self.conversations)}@thread.v2", Kind.GROUP, self.people, GROUP_NAME)

    def channel(self, thread: str = _FIRST_THREAD) -> Conversation:
        """A thread of the General channel, named by the id of its first message."""
        return self._get(f"{CHANNEL_ID};messageid={thread}", Kind.CHANNEL, self.people, CHANNEL_NAME)

    def named(self, name: str) -> Person | None:
        """The person whose first name or display name this is, in any case."""
        wanted = name.strip().lower()
        return next((p for p in self.people if wanted in (p.name.lower(), p.name.lower().split()[0])), None)

    def _get(self, key: str, kind: Kind, people: tuple[Person, ...], name: str) -> Conversation:
        if key not in self.conversations:
            self.conversations[key] = Conversation(key, kind, self.tenant_id, people, name)
        return self.conversations[key]


def place_of(conversation_id: str) -> str:
    """What the app is installed in: a chat, or the channel of a thread."""
    return conversation_id.partition(";")[0]
