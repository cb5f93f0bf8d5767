"""People with their devices: for each factor one who enrols and answers as a person would. A new factor adds one."""

from typing import Protocol

from idp.mfa.factor import Prompt


class Holder(Protocol):
    """Somebody who holds what a factor asks for."""

    def fields(self) -> dict[str, str]:
        """What the person types to begin enrolling."""

    def answers(self, prompt: Prompt) -> dict[str, str]:
        """What the person types who got the device's part of this prompt."""

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        """What somebody types who did not."""


class PhoneHolder:
    """Reads the code in the text message."""

    def fields(self) -> dict[str, str]:
        return {"phone_number": "+49 171 3920021"}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        assert prompt.device
        return {"code": prompt.device.body.split()[0]}

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        assert prompt.device
        return {"code": f"{(int(prompt.device.code) + 1) % 10**6:06d}"}


HOLDERS: dict[str, Holder] = {"sms": PhoneHolder()}
