"""The story that the five seed documents tell: from no account at all to a closed panel, through all three programs."""

import pytest

from tests.support import people
from tests.support.people import Letter, Person
from tests.support.servers.system import System

TUEBINGEN = "DE22 - University Hospital and Faculty of Medicine Tubingen"


def speaks(language: str) -> None:
    """Skip a language in which the programs have no sentences yet."""
    if language != "en" and not all(people.catalogue(name, language) for name in ("idp", "cpms_client", "ecp_client")):
        pytest.skip(f"the catalogue of {language} is not complete")


@pytest.fixture(params=["en", "fr"])
def ada(each_system: System, request: pytest.FixtureRequest) -> Person:
    """A clinician without an account."""
    speaks(request.param)
    email = f"ada.{request.param}@hospital.example"
    number = {"en": "01", "fr": "02"}[request.param]
    return Person(each_system, "Ada", "Ferran", email, f"+4917139200{number}", request.param)


def test_a_newcomer_gets_from_no_account_to_a_closed_panel(ada: Person) -> None:
    system = ada.system
    creates_an_account(ada)
    adds_a_second_factor(ada)
    asks_for_access(ada)
    is_told(ada)
    pseudonym = enters_and_enrols(ada)

    mira = people.demo(system, "hp.munich")
    assert mira.enters_cpms().path == "/dashboard"
    number = opens_a_panel(ada, mira)
    contributes_and_signs(ada, mira, number)

    ada.closes(number)
    assert ada.sees("Closed")
    assert ada.says("Close the panel") not in ada.page.words
    mira.opens_the_panel(number)
    assert "Physiotherapy, and counselling of the family." in mira.page.words
    ada.opens(f"{system.cpms}/patients/{pseudonym}")
    assert number in ada.page.words


def creates_an_account(ada: Person) -> None:
    """Seed 001, step 1: the form, the mail, the password."""
    ada.opens(ada.system.cpms)
    assert ada.sees("Secure Login")
    ada.follows("Create an account")
    assert ada.page.heading == ada.says("Create an account")
    ada.asks_for_an_account()
    assert ada.email in ada.page.words
    ada.opens(ada.invitation())
    assert "(" + ada.says("External") + ")" in ada.page.words
    identifier = next(word for word in ada.page.words.split() if word.startswith("n") and len(word) == 8)
    assert identifier in ada.mail()["text"]
    ada.presses("Submit", new_password=ada.password, confirm_password=ada.password)
    in_the_language_of(ada, ada.mail(), "Your ERN Login account is ready")


def adds_a_second_factor(ada: Person) -> None:
    """Seed 000: Log in, My Account, Manage my mobile phone numbers, Add a mobile phone number."""
    ada.follows("My Account")
    assert ada.page.heading == ada.says("My Account")
    ada.adds_phone()
    assert ada.phone[-3:] in ada.page.words
    assert ada.sees("Confirmed")
    in_the_language_of(ada, ada.mail(), "A verification method was added to your account")


def asks_for_access(ada: Person) -> None:
    """Seed 001, step 2: CPMS home page, To request authorisation, four steps; ECP is asked for in the same request."""
    ada.opens(ada.system.cpms)
    ada.follows("Request authorisation to use the CPMS")
    assert ada.page.path == "/saas/requestAccess/application/741/create.html"
    assert ada.page.heading == ada.says("New application access")
    ada.presses("Step 2: select an organisation")
    ada.browser.follow(f"{ada.says('Open')} ERN-RND - Neurological Diseases")
    ada.browser.follow(f"{ada.says('Open')} {'Allemagne' if ada.language == 'fr' else 'Germany'}")
    assert ada.page.words.index("0000") < ada.page.words.index("DE03"), "the guest entry stands first"
    ada.presses("Step 3: select an access profile", organisation=ada.page.choice(TUEBINGEN))
    ada.chooses_profiles(("HP",), membership=True)
    assert all(word in ada.page.words for word in ("CPMS", "DE22", "HP"))
    ada.presses("Submit request access", comment="Ataxia outpatients.")
    assert (ada.page.path, ada.page.words.count("DE22")) == ("/saas/", 2), ada.page


def is_told(ada: Person) -> None:
    """The coordinator reads the notice, signs in with SMS and approves; the requester gets a mail in her language."""
    clara = people.demo(ada.system, "coordinator.rnd")
    notice = clara.mail(lambda mail: ada.name in mail["text"])
    assert notice["subject"] == "A request for ERN-RND waits for you"
    clara.opens(notice["links"][0])
    clara.proves_who_it_is()
    assert "Ataxia outpatients." in clara.page.words
    clara.presses("Save decision", decision="grant", reason="Welcome to the ataxia group.")
    assert clara.sees("Your decision is saved. We told the person.")
    granted = ada.mail(lambda mail: "Welcome to the ataxia group." in mail["text"])
    in_the_language_of(ada, granted, "Your access to %(application)s is granted")
    assert "DE22" in granted["text"]
    ada.opens(granted["links"][0])
    assert ada.page.words.count(ada.says("Active")) == 2


def enters_and_enrols(ada: Person) -> str:
    """A new browser: Login via ERN Login, password, Choose your verification method, code; then a patient."""
    ada.browser = ada.browser.anew()
    ada.opens(ada.system.cpms)
    ada.follows("Login via ERN Login")
    assert "CPMS" in ada.page.words
    ada.answers_one_question()
    assert ada.page.heading == ada.says("Choose your verification method")
    ada.answers_one_question()
    ada.answers_one_question()
    assert ada.page.address == f"{ada.system.cpms}/dashboard"
    assert ada.page.language == ada.language
    ada.enrols_patient("Bluebird")
    assert ada.page.heading == "Bluebird"
    return ada.page.path.rpartition("/")[2]


def opens_a_panel(ada: Person, mira: Person) -> str:
    """The patient's page, Start a panel, the question; then the request is taken up and an expert invited."""
    ada.opens_panel("Which therapy do you advise?")
    number = ada.page.path.rpartition("/")[2]
    ada.presses("Take up the request")
    ada.invites(mira)
    mira.joins(number)
    assert "Which therapy do you advise?" in mira.page.words
    return number


def contributes_and_signs(ada: Person, mira: Person, number: str) -> None:
    """The member contributes, the lead writes the outcome, both sign."""
    ada.opens_the_panel(number)
    ada.presses("Go on to Assessment")
    mira.contributes(number, "Physiotherapy twice a week.")
    assert "Physiotherapy twice a week." in ada.opens_the_panel(number).words
    ada.presses("Go on to Outcome")
    ada.writes_the_outcome(number, "Physiotherapy, and counselling of the family.")
    mira.opens_the_panel(number)
    mira.presses("Sign the outcome")
    ada.opens_the_panel(number)
    if ada.says("Sign the outcome") in ada.page.words:
        ada.presses("Sign the outcome")


def in_the_language_of(person: Person, mail: Letter, subject: str) -> None:
    """Check that a mail's subject is the person's translation of a sentence."""
    sentence = people.catalogue("idp", person.language).get(subject) or subject
    assert mail["to"] == person.email
    assert mail["subject"] == sentence.replace("%(application)s", "CPMS")
