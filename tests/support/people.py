"""People as verbs over HTTP; the only place of the journeys that knows form fields and the words of links and buttons.

Words are written in English and found on the pages in the person's language, through the programs' own catalogues.
Codes and links come from where a person reads them: a telephone and a mailbox (`Post`), never from a database.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from tests.support.post import Letter, OutboxPage, Post
from tests.support.servers.process import wait_until
from tests.support.servers.system import System
from tests.support.web import Browser, Page

ROOT = Path(__file__).parents[2]
PASSWORD = "violet-harbour-eleven"
DEMO_PASSWORD = "Demo-ERN-2026!"
CPMS_APPLICATION, ECP_APPLICATION = "741", "742"
SIGN_IN_PAGES = ("/login", "/login/verify", "/login/verify/add")
MAIL_SECONDS = 20.0


@cache
def catalogue(package: str, language: str) -> dict[str, str]:
    """Return a program's sentences in a language; empty where it has none."""
    path = ROOT / package / "translations" / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if isinstance(message.id, str)}


@dataclass
class Person:
    """One person with a name, an address, a telephone and a browser; `page` is what the browser shows."""

    system: System
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str = "en"
    password: str = PASSWORD
    post: Post = field(init=False)
    browser: Browser = field(init=False)
    used_codes: int = 0

    def __post_init__(self) -> None:
        """Sit down at a new browser."""
        self.post = OutboxPage(self.system.login)
        self.browser = Browser(self.language)

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def page(self) -> Page:
        """What the browser shows."""
        return self.browser.page

    # Reading and clicking, in the person's language.

    def says(self, words: str) -> str:
        """Return words of the page's program in the person's language."""
        packages = {self.system.login: "idp", self.system.cpms: "cpms_client", self.system.ecp: "ecp_client"}
        package = next((name for base, name in packages.items() if self.page.address.startswith(base)), "cpms_client")
        return " ".join((catalogue(package, self.language).get(words) or words).split())

    def opens(self, address: str) -> Page:
        """Type an address."""
        return self.browser.open(address)

    def follows(self, words: str) -> Page:
        """Click on a link."""
        return self.browser.follow(self.says(words))

    def presses(self, words: str, **fields: Any) -> Page:
        """Fill a form in and send it."""
        return self.browser.press(self.says(words), **fields)

    def sees(self, words: str) -> bool:
        """Say whether the page says this."""
        return self.says(words) in self.page.words

    def mail(self, about: Callable[[Letter], bool] = lambda _: True) -> Letter:
        """Wait for a mail like this and return the newest one."""
        found: list[Letter] = []

        def arrived() -> bool:
            found[:] = [one for one in self.post.mails(self.email) if about(one)]
            return bool(found)

        assert wait_until(arrived, MAIL_SECONDS), f"no such mail to {self.email}; {self.page}; {self.system.state()}"
        return found[-1]

    def code(self) -> str:
        """Wait for the next text message and return its code."""
        arrived = wait_until(lambda: len(self.post.codes(self.phone)) > self.used_codes, MAIL_SECONDS)
        assert arrived, f"no text message to {self.phone}; {self.page}; {self.system.state()}"
        codes = self.post.codes(self.phone)
        self.used_codes = len(codes)
        return codes[-1]

    # ERN Login: the account.

    def registers(self) -> Page:
        """Create an account with the link of the mail, and choose a password."""
        self.opens(f"{self.system.login}/register")
        self.asks_for_an_account()
        return self.chooses_a_password()

    def asks_for_an_account(self) -> Page:
        """Send the form "Create an account"."""
        return self.presses(
            "Create an account",
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            confirm_email=self.email,
            language=self.language,
            privacy="y",
        )

    def chooses_a_password(self) -> Page:
        """Open the link of the mail and choose a password."""
        self.opens(self.invitation())
        return self.presses("Submit", new_password=self.password, confirm_password=self.password)

    def invitation(self) -> str:
        """Return the link of the mail that invites to choose a password."""
        link: str = self.mail(lambda mail: any("/register/" in link for link in mail["links"]))["links"][0]
        return link

    def adds_phone(self, number: str = "") -> Page:
        """Go to My Account and register a mobile phone number by typing back a first code."""
        self.phone = number or self.phone
        self.used_codes = len(self.post.codes(self.phone))
        self.opens(f"{self.system.login}/account")
        self.follows("Manage my mobile phone numbers")
        self.presses("Send me a code", phone_number=self.phone)
        return self.presses("Confirm", code=self.code())

    def proves_who_it_is(self, method: str = "Mobile Phone + SMS") -> Page:
        """Answer whatever the sign-in asks: the password, the method, the code."""
        while self.page.path in SIGN_IN_PAGES and self.page.address.startswith(self.system.login):
            self.answers_one_question(method)
        return self.page

    def answers_one_question(self, method: str = "Mobile Phone + SMS") -> Page:
        """Answer the question on a page of the sign-in."""
        if self.page.has_field("password"):
            return self.presses("Sign in", identifier=self.email, password=self.password)
        if self.page.has_field("code"):
            return self.presses("Sign in", code=self.code())
        self.used_codes = len(self.post.codes(self.phone))
        return self.presses(method)

    def signs_in(self) -> Page:
        """Sign in to My Account."""
        self.opens(f"{self.system.login}/account")
        return self.proves_who_it_is()

    def leaves(self) -> Page:
        """Press Log out in the menu of the page."""
        return self.presses("Log out")

    def ends_all_other_sessions(self) -> Page:
        """Press the button of "Display my sessions"."""
        self.opens(f"{self.system.login}/account")
        self.follows("Display my sessions")
        return self.presses("End all other sessions")

    # SAAS: asking and deciding.

    def asks_for_access(
        self,
        *,
        place: tuple[str, str, str] = ("ERN-RND", "Germany", "DE22"),
        profiles: tuple[str, ...] = ("HP",),
        membership: bool = True,
        comment: str = "",
    ) -> Page:
        """Begin at the home page of CPMS and go through the four steps; `place` is network, country, hospital."""
        self.opens(self.system.cpms)
        self.follows("Request authorisation to use the CPMS")
        self.proves_who_it_is()
        self.presses("Step 2: select an organisation")
        self.chooses_hospital(*place)
        self.chooses_profiles(profiles, membership=membership)
        return self.presses("Submit request access", comment=comment)

    def chooses_hospital(self, ern: str, country: str, hospital: str) -> Page:
        """Open network and country and choose the hospital by its code."""
        self.browser.follow(f"{self.says('Open')} {ern}")
        self.browser.follow(f"{self.says('Open')} {country}")
        return self.presses("Step 3: select an access profile", organisation=self.page.choice(hospital))

    def chooses_profiles(self, profiles: tuple[str, ...], *, membership: bool) -> Page:
        """Tick profiles and, where it is offered and wanted, the membership of ECP."""
        fields: dict[str, Any] = {"profile": list(profiles)}
        if self.page.has_field("membership"):
            fields["membership"] = "y" if membership else None
        return self.presses("Step 4: type a comment", **fields)

    def approves(self, other: "Person", reason: str = "Welcome.") -> Page:
        """Open the request of a person from the list and approve everything in it."""
        return self.decides(other, "grant", reason)

    def decides(self, other: "Person", decision: str, reason: str) -> Page:
        """Find the request of a person in the list and decide about it: grant, refuse or ask."""
        self.opens(f"{self.system.login}/saas/approvals")
        self.proves_who_it_is()
        self.presses("Search", search=other.email)
        self.browser.follow(self.says("Open"))
        self.presses("Save decision", decision=decision, reason=reason)
        return self.proves_who_it_is()

    def takes_away(self, other: "Person", reason: str, application: str = "CPMS") -> Page:
        """Revoke an access of a person."""
        self.opens(f"{self.system.login}/saas/approvals/accesses")
        self.proves_who_it_is()
        self.presses("Search", search=other.email)
        self.browser.follow(f"Open the access of {other.name} to {application}")
        self.presses("Take away", reason=reason)
        return self.proves_who_it_is()

    # CPMS: patients and panels.

    def enters_cpms(self) -> Page:
        """Sign in from the home page of CPMS."""
        self.opens(self.system.cpms)
        self.follows("Login via ERN Login")
        return self.proves_who_it_is()

    def enrols_patient(self, nickname: str, disease: str = "Spinocerebellar ataxia type 3") -> Page:
        """Enrol a patient who agreed to care."""
        self.opens(f"{self.system.cpms}/patients")
        self.follows("Enrol a patient")
        return self.presses(
            "Enrol the patient", nickname=nickname, sex="female", birth="1979", disease=disease, care="y", registry="y"
        )

    def opens_panel(self, question: str) -> Page:
        """Ask a panel about the patient whose page is open."""
        self.follows("Start a panel")
        return self.presses("Start the panel", question=question)

    def opens_the_panel(self, number: str) -> Page:
        """Open the page of a panel."""
        return self.opens(f"{self.system.cpms}/panels/{number}")

    def invites(self, other: "Person") -> Page:
        """Invite a colleague by e-mail address to the panel that is open."""
        self.follows("Invite an expert")
        return self.presses("Invite", email=other.email)

    def joins(self, number: str) -> Page:
        """Accept the invitation to a panel."""
        self.opens_the_panel(number)
        return self.presses("Join the panel")

    def contributes(self, number: str, text: str) -> Page:
        """Write to a panel in the stage Assessment."""
        self.opens_the_panel(number)
        return self.presses("Send contribution", text=text)

    def writes_the_outcome(self, number: str, text: str) -> Page:
        """Lay the outcome before the members."""
        self.opens_the_panel(number)
        self.follows("Write the outcome")
        return self.presses("Lay it before the members", text=text)

    def closes(self, number: str) -> Page:
        """Close a panel whose outcome is signed."""
        self.opens_the_panel(number)
        self.follows("Close the panel")
        return self.presses("Close the panel")

    def enters_training(self, ern: str, account: str) -> Page:
        """Choose a training account on its page."""
        return self.presses("Enter the training", ern=ern, account=account)

    # ECP.

    def enters_ecp(self) -> Page:
        """Sign in from the home page of ECP."""
        self.opens(self.system.ecp)
        self.follows("Login via ERN Login")
        return self.proves_who_it_is()


def demo(system: System, name: str) -> Person:
    """Return a person of the demonstration, such as "coordinator.rnd"."""
    email = f"{name}@demo.example"
    [entry] = [entry for entry in _demo_people() if entry["email"] == email]
    telephone = entry["phone_number"]
    return Person(system, entry["first_name"], entry["last_name"], email, telephone, password=DEMO_PASSWORD)


@cache
def _demo_people() -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = tomllib.loads((ROOT / "config/demo/people.toml").read_text("utf-8"))["person"]
    return people
