"""The pages as people see them: languages, lists in pages, how much they ask of the database."""

import re
from pathlib import Path

from idp.core.levels import MFA
from idp.saas import demo
from idp.saas.models import GuestKind
from tests.saas.people import DEEP_LINK, GUEST, MUNICH, TUEBINGEN, Person, Town, statements, words


def test_the_application_list_begins_with_no_value_and_marks_what_takes_no_requests(town: Town) -> None:
    page = town.person("Nora").opens("/saas/requestAccess").text
    options = re.findall(r"<option([^>]*)>([^<]*)</option>", page)
    assert options[0][1] == "[No value selected]"
    closed = [text for attributes, text in options if "disabled" in attributes]
    assert len(closed) == 17
    assert "AAC - Food Fraud (no requests here)" in closed
    assert [text for attributes, text in options[1:] if "disabled" not in attributes] == [
        "CPMS",
        "European Reference Networks (ECP)",
    ]


def test_the_steps_carry_the_labels_people_know(town: Town) -> None:
    nora = town.person("Nora")
    assert "Step 2: select an organisation" in words(nora.opens(DEEP_LINK))
    third = nora.begins()
    second = third.replace("profile", "organisation")
    page = words(nora.opens(f"{second}?node=ERN-RND/DE"))
    for label in ("Step 1: select an application", "Cancel", "Step 3: select an access profile", "Records per page"):
        assert label in page
    assert "Showing 1 to 10 of 10 entries" in page
    assert "Organisation marked with (request submitted) can already be used to request access." in page
    for label in ("Step 2: select an organisation", "Step 4: type a comment", "Name Status Description"):
        assert label in words(nora.opens(third))
    fourth = words(nora.opens(nora.sends(third, profile="HP").location))
    for label in ("Summary", "Step 3: select an access profile", "Submit request access", "Before submitting"):
        assert label in fourth


def test_lists_come_in_pages(town: Town) -> None:
    nora = town.person("Nora")
    second = nora.begins().replace("profile", "organisation")
    assert "Showing 1 to 25 of 30 entries" in words(nora.opens(f"{second}?node=ERN-RND"))
    assert "Showing 26 to 30 of 30 entries" in words(nora.opens(f"{second}?node=ERN-RND&page=2"))
    assert "Showing 21 to 30 of 30 entries" in words(nora.opens(f"{second}?node=ERN-RND&records=10&page=99"))
    assert "Showing 1 to 25 of" in words(nora.opens(f"{second}?search=hospital&records=7&page=-1"))
    assert "Showing 1 to 10 of" in words(nora.opens(f"{second}?search=hospital&records=10&page=999999999999999999999"))
    assert "Nothing found" in words(nora.opens(f"{second}?search=nothinglikethis"))


def test_countries_are_named_sorted_and_found_in_the_language_of_the_page(town: Town) -> None:
    nora = town.person("Nora", "fr")
    second = nora.sends(DEEP_LINK, application="741").location
    answer = nora.opens(f"{second}?node=ERN-RND&records=100")
    assert '<html lang="fr">' in answer.text
    page = words(answer)
    names = ["Allemagne", "Autriche", "Belgique", "Espagne", "Suède"]
    assert [page.index(name) for name in names] == sorted(page.index(name) for name in names)
    assert "Allemagne" in words(nora.opens(f"{second}?node=ERN-RND&search=allemagne"))


def test_the_tab_of_approvals_is_for_those_who_decide(town: Town) -> None:
    assert "/saas/approvals" not in town.person("Nora").opens("/saas/").text
    clara = town.coordinator()
    assert 'href="/saas/approvals"' in clara.opens("/saas/").text
    town.person("Olaf").asks("HP")
    assert "1 request waits for your decision" in words(clara.opens("/saas/"))
    assert "administrator" in words(town.administrator().opens("/saas/approvals"))


def test_the_lists_are_searched_and_filtered(town: Town) -> None:
    clara = town.coordinator()
    for name in ("Nora", "Olaf"):
        town.person(name).asks("HP", path=TUEBINGEN if name == "Nora" else MUNICH)
    assert "Olaf" not in words(clara.opens("/saas/approvals?search=nora"))
    assert "Nora" in words(clara.opens("/saas/approvals?search=NORA@hospital"))
    assert "Olaf" in words(clara.opens("/saas/approvals?search=munchen"))
    assert "Nothing waits for you." in words(clara.opens("/saas/approvals?search=%25"))
    assert "Nothing waits for you." in words(clara.opens("/saas/approvals?show=decided"))


def people_who_ask(town: Town, count: int) -> list[Person]:
    people = []
    for number in range(count):
        person = town.person(f"Asker{chr(97 + number)}")
        person.holds("Researcher")
        person.asks("HP", membership="y", path=GUEST if number % 3 == 0 else TUEBINGEN)
        people.append(person)
    return people


def test_no_list_asks_more_of_the_database_than_six_statements_however_long_it_is(town: Town) -> None:
    clara = town.coordinator()
    asker = people_who_ask(town, 2)[0]
    few = _counted(town, clara, asker)
    people_who_ask_more = [town.person(f"More{chr(97 + number)}") for number in range(6)]
    for person in people_who_ask_more:
        person.asks("HP", "Researcher", membership="y")
    asker.holds("HP", path=MUNICH).holds("Panel Manager ERN").asks("Panel Manager HCP")
    many = _counted(town, clara, asker)
    assert few == many
    assert max(many.values()) <= 6, many


def _counted(town: Town, team: Person, asker: Person) -> dict[str, int]:
    second = asker.begins().replace("profile", "organisation")
    pages = {
        "home": (asker, "/saas/"),
        "home of a team": (team, "/saas/"),
        "user data": (asker, "/saas/user-data"),
        "networks": (asker, second),
        "countries": (asker, f"{second}?node=ERN-RND"),
        "hospitals": (asker, f"{second}?node=ERN-RND/DE"),
        "search": (asker, f"{second}?search=klinikum"),
        "search of a team": (team, "/saas/approvals?search=a"),
        "approvals": (team, "/saas/approvals"),
        "decided": (team, "/saas/approvals?show=decided"),
        "accesses": (team, "/saas/approvals/accesses"),
    }
    counted = {}
    for name, (person, address) in pages.items():
        person.opens(address)
        with statements(town.app) as seen:
            assert person.opens(address).status_code == 200
        counted[name] = len(seen)
    return counted


def test_the_demonstration_is_loaded_once(town: Town, tmp_path: Path) -> None:
    text = demo.FILE.read_text("utf-8")
    people = {name: Person(town.app, name) for name in sorted(set(re.findall(r'"([^"@]+)@demo.example"', text)))}
    copy = tmp_path / "accesses.toml"
    copy.write_text(text.replace("@demo.example", "@hospital.example"), "utf-8")
    with town.app.app_context():
        assert demo.load(copy) == 23
        assert demo.load(copy) == 0
    guests = [held.guest for held in people["guest.vc"].accesses()]
    assert guests == [GuestKind.VIRTUAL_CENTRE]
    assert people["coordinator.rnd"].signs_in(MFA).opens("/saas/approvals").status_code == 200
