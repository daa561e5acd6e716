"""Why an app is not hosted."""


class Refused(Exception):  # noqa: N818 - it tells of an app, not of an error of this program
    """The app cannot be hosted, and nothing of it is left running.

    Attributes:
        problems: Every reason that was found, one sentence each; a reason may be followed by a traceback.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
