"""What is wrong with the configuration, as values that every face can show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One setting that is missing or cannot be used; never carries the setting's value.

    Attributes:
        name: The setting, as it is spelled in the app settings.
        problem: What is wrong, and what to put there.
    """

    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


# All that is wrong with a half of the settings; it stands in the place of what cannot be built from them.
type Problems = tuple[SettingProblem, ...]
