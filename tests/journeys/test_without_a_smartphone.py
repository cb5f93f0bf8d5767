"""Somebody who has no smartphone and gets no text messages reaches CPMS all the same, without any script."""

from dataclasses import dataclass, field

from idp.mfa.factor import Prompt
from tests.mfa.holders import AuthenticatorApp
from tests.support import people
from tests.support.people import Person
from tests.support.servers.system import System


@dataclass
class TokenOwner(Person):
    """A person with a device on the key ring that shows a code every 30 seconds; the key is typed into it once."""

    token: AuthenticatorApp = field(default_factory=AuthenticatorApp)

    def adds_token(self) -> None:
        """Choose the authenticator app after registering, and type the key that the page shows."""
        self.follows("Authenticator app")
        self.presses("Show me the QR code", device_name="Key ring")
        key = next(node.text for node in self.page.root.all("p") if node["class"] == "mono")
        self.token.reads(Prompt(page={"key": key}, memo={}))
        # The code before: the next one is then still unused when this person signs in, seconds later.
        self.presses("Confirm", code=self.token.code(-30))

    def code(self) -> str:
        """Read the token."""
        return self.token.code()


def test_a_token_on_the_key_ring_opens_cpms(system: System) -> None:
    paul = TokenOwner(system, "Paul", "Lindner", "paul.lindner@hospital.example", "")
    paul.registers()
    assert paul.page.heading == "Add a second factor"
    paul.adds_token()
    assert "Key ring is added." in paul.page.words
    paul.asks_for_access()
    people.demo(system, "coordinator.rnd").approves(paul)

    paul.browser = paul.browser.anew()
    paul.opens(system.cpms)
    paul.follows("Login via ERN Login")
    paul.presses("Sign in", identifier=paul.email, password=paul.password)
    paul.presses("Authenticator app")
    assert not paul.page.has_field("trust_browser"), "CPMS accepts no trusted browser"
    paul.presses("Sign in", code=paul.code())
    assert paul.page.path == "/dashboard"


def test_a_plain_phone_that_gets_text_messages_opens_cpms(system: System) -> None:
    rosa = Person(system, "Rosa", "Lindner", "rosa.lindner@hospital.example", "+491713920078")
    rosa.registers()
    rosa.follows("Mobile Phone + SMS")
    rosa.presses("Send me a code", phone_number=rosa.phone)
    rosa.presses("Confirm", code=rosa.code())
    rosa.asks_for_access()
    people.demo(system, "coordinator.rnd").approves(rosa)

    rosa.browser = rosa.browser.anew()
    rosa.enters_cpms()
    rosa.enrols_patient("Wren")
    assert rosa.page.heading == "Wren"
