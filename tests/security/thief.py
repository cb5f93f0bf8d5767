"""Somebody who knows a clinician's password and reads her mails, has telephones and keys of his own, and not hers."""

import re
from html import unescape

from idp.accounts import people
from idp.saas.models import AccessState
from tests.oidc.relying_party import RelyingParty
from tests.saas.people import Person, Town, mails
from tests.signin.browser import Browser, newest_code

OWN_PHONE = "+491713920077"
SFA = "https://refeds.org/profile/sfa"


class Thief:
    """Knows the password and reads the mails of Nora, and has a telephone of his own."""

    def __init__(self, town: Town, nora: Person, party: RelyingParty) -> None:
        self.town, self.nora, self.party = town, nora, party
        self.browser = Browser(town.app, address="198.51.100.66")
        self.email = nora.email
        self.password = ""

    def signs_in(self, password: str = "") -> None:
        self.password = password or self.password
        self.browser.open("/login")
        self.browser.gives_password(self.email, *([self.password] if self.password else []))

    def presses_panic(self) -> None:
        self.signs_in()
        self.browser.open("/account/panic")
        self.browser.submit()
        assert self.browser.path.startswith("/account/panic/done")

    def begins_to_add(self, method: str = "sms") -> None:
        """Take the usual way in to the application, which offers to add the first device."""
        self.browser.open(self.party.request())
        self.browser.gives_password(self.email, *([self.password] if self.password else []))
        self.browser.open(f"{self.browser.path}&method={method}")

    def registers_a_phone(self) -> None:
        self.begins_to_add()
        self.browser.submit(phone_number=OWN_PHONE)
        self.browser.gives_code(newest_code(self.town.app, OWN_PHONE))

    def is_in(self) -> bool:
        """Say whether the application gets a code now, and look at the accesses too."""
        answer = self.browser.client.get(self.party.request())
        got = "code=" in answer.headers.get("Location", "")
        session = self.browser.signed_in()
        held = [access.state for access in self.nora.accesses()]
        strong = session is not None and session.acr != SFA and session.account.uid == self.nora.uid
        assert got is (strong and AccessState.ACTIVE in held)
        return got

    def link(self, about: str, to: str = "") -> str:
        """The path of the newest link like this in a mailbox."""
        wanted = to or self.email
        found = [mail["text"] for mail in mails(self.town.app) if mail["to"] == wanted and about in mail["text"]]
        path = re.search(rf"http://localhost:8000(\S*{about}\S*)", found[-1])
        assert path
        return path[1]

    def links_on_the_page(self) -> list[str]:
        return [unescape(link) for link in re.findall(r'href="(/[^"]+)"', self.browser.page.text)]

    def factors(self) -> list[str]:
        """What the account holds, as the account's page tells."""
        from idp.mfa import enrolment

        with self.town.app.app_context():
            account = people.by_uid(self.nora.uid)
            return [one.kind for one in enrolment.authenticators(account.id)] if account else []
