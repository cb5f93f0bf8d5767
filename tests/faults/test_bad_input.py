"""What people and programs send by mistake or on purpose, over HTTP: plain answers, nothing lost, nothing doubled."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPResponse

import pytest
import requests

from tests.support import people
from tests.support.people import Person
from tests.support.servers.system import System
from tests.support.web import Page

SERVERS = ("login", "cpms", "ecp", "training")
FORMS = {"login": "/register", "cpms": "/sign-out", "ecp": "/sign-out", "training": "/training"}
TEN_MEGABYTES = 10 * 1024 * 1024
numbers = itertools.count(50)


@pytest.fixture(params=SERVERS)
def server(system: System, request: pytest.FixtureRequest) -> tuple[str, str]:
    """The address of each server in turn, and of a form there."""
    return getattr(system, request.param), FORMS[request.param]


@pytest.fixture
def ada(each_system: System) -> Person:
    """A clinician with an account and a phone."""
    number = next(numbers)
    person = Person(each_system, "Ada", f"Number{number}", f"ada.{number}@hospital.example", f"+4917139200{number}")
    person.registers()
    person.adds_phone()
    return person


def raw(base: str, request: bytes) -> tuple[int, str]:
    """Send bytes as they are; return status and body of the answer."""
    port = int(base.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read().decode("utf-8", "replace")


def host(base: str) -> bytes:
    return base.removeprefix("http://").encode()


def test_ten_megabytes_are_refused_with_a_page(server: tuple[str, str]) -> None:
    base, form = server
    head = b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n" % (
        form.encode(),
        host(base),
    )
    status, text = raw(base, head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % TEN_MEGABYTES)
    assert status == 413
    assert "<h1" in text
    assert requests.get(f"{base}/healthz", timeout=5).status_code == 200


def test_ten_megabytes_without_a_length_are_refused_too(server: tuple[str, str]) -> None:
    base, form = server

    def pieces() -> Iterator[bytes]:
        for _ in range(TEN_MEGABYTES // 65536):
            yield b"x" * 65536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = requests.post(base + form, data=pieces(), headers=headers, timeout=20)
    except requests.ConnectionError:
        pass  # the server closed before everything was sent
    else:
        assert answer.status_code in (400, 411, 413)
    assert requests.get(f"{base}/healthz", timeout=5).status_code == 200


BYTES = b"\xff\xfe\xc0\xaf"
MALFORMED = {
    "path": b"GET /%s%%ff HTTP/1.1\r\n" % b"%ff%fe",
    "query": b"GET /?q=%ff%fe&lang=%ff HTTP/1.1\r\n",
    "cookie": b"GET / HTTP/1.1\r\nCookie: ern_session=" + BYTES + b"; cpms_session=" + BYTES + b"\r\n",
    "language": b"GET / HTTP/1.1\r\nAccept-Language: " + BYTES + b"\r\n",
    "agent": b"GET / HTTP/1.1\r\nUser-Agent: " + BYTES + b"\r\n",
    "null": b"GET /%00 HTTP/1.1\r\n",
}


@pytest.mark.parametrize("where", MALFORMED)
def test_text_that_is_no_utf8_is_no_crash(server: tuple[str, str], where: str) -> None:
    base, _ = server
    status, _ = raw(base, MALFORMED[where] + b"Host: %s\r\nConnection: close\r\n\r\n" % host(base))
    assert status < 500


def test_a_form_that_is_no_utf8_is_refused(server: tuple[str, str]) -> None:
    base, form = server
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(base + form, data=b"email=%ff%fe&csrf_token=" + BYTES, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert "<h1" in answer.text


def test_a_foreign_host_is_refused_and_never_repeated(server: tuple[str, str]) -> None:
    base, _ = server
    for name in (b"evil.example", b"localhost:1", host(base) + b".evil.example"):
        status, text = raw(base, b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % name)
        assert status in (400, 421)
        assert "evil.example" not in text
    forwarded = requests.get(base, headers={"X-Forwarded-Host": "evil.example"}, timeout=10)
    assert "evil.example" not in forwarded.text + forwarded.url


@pytest.mark.parametrize(
    "change", ["https://evil.example/", "http://localhost:1/sign-in/callback", "/sign-in/callback/", ""]
)
def test_a_wrong_redirect_uri_is_a_page_and_no_redirect(system: System, change: str) -> None:
    there = f"{system.cpms}{change}" if change.startswith("/") else change
    asked = {"client_id": "cpms", "response_type": "code", "scope": "openid", "redirect_uri": there}
    browsing = {"Accept": "text/html"}
    there = f"{system.login}/oauth2/authorize"
    answer = requests.get(there, params=asked, headers=browsing, allow_redirects=False, timeout=10)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    "organisation", ["", "ERN-RND", "ERN-RND/DE", "ERN-RND/DE/XX99", "ERN-RND/DE/DE22/x", "\x00", "é" * 5000]
)
def test_an_unknown_organisation_is_refused_on_its_page(system: System, organisation: str) -> None:
    nora = people.demo(system, "newcomer")
    nora.opens(f"{system.login}/saas/requestAccess/application/741/create.html")
    nora.proves_who_it_is()
    nora.presses("Step 2: select an organisation")
    nora.browser.follow("Open ERN-RND")
    nora.browser.follow("Open Germany")
    here = nora.page.address
    nora.presses("Step 3: select an access profile", organisation=organisation)
    assert nora.page.status in (400, 404)
    assert nora.page.errors or "choose again" in nora.page.words or nora.page.status == 400
    nora.opens(here)
    nora.presses("Step 3: select an access profile", organisation=nora.page.choice("DE22"))
    assert "DE22" in nora.page.words, "the request that was begun goes on"


# Double clicks, the back button, two windows.


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do all acts at the same moment and return what they gave."""
    start = threading.Barrier(len(acts))
    given: list[object] = []

    def do(act: Callable[[], object]) -> None:
        start.wait()
        given.append(act())

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(given) == len(acts)
    return given


def double_click(person: Person, words: str, **fields: str) -> list[Page]:
    """Send the form behind a button twice at the same moment, from one browser; return both pages."""
    filled = person.browser.filled(person.says(words), **fields)
    cookies = dict(person.browser.http.cookies)

    def send() -> Page:
        return Page(requests.request(filled[0], filled[1], data=filled[2], cookies=cookies, timeout=20))

    pages = at_once(send, send)
    assert all(page.status < 500 for page in pages), pages
    return pages


def test_two_clicks_on_the_mailed_link_make_one_account(each_system: System) -> None:
    number = next(numbers)
    ada = Person(each_system, "Ada", "Twice", f"ada.twice{number}@hospital.example", f"+4917139200{number}")
    ada.opens(f"{each_system.login}/register")
    ada.asks_for_an_account()
    ada.opens(ada.invitation())
    double_click(ada, "Submit", new_password=ada.password, confirm_password=ada.password)
    ada.signs_in()
    assert ada.page.path == "/account"
    assert len([mail for mail in ada.post.mails(ada.email) if "ready" in mail["subject"]]) == 1


def test_one_code_sent_twice_at_once_signs_in_once_and_leads_on(ada: Person) -> None:
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.cpms}/dashboard")
    ada.answers_one_question()
    ada.answers_one_question()
    pages = double_click(ada, "Sign in", code=ada.code())
    assert any(page.heading.startswith("You have no access to CPMS") for page in pages), pages


def test_a_request_sent_twice_at_once_is_one_request(ada: Person) -> None:
    ada.opens(f"{ada.system.login}/saas/requestAccess/application/741/create.html")
    ada.presses("Step 2: select an organisation")
    ada.chooses_hospital("ERN-RND", "Germany", "DE22")
    ada.chooses_profiles(("HP",), membership=True)
    recap = ada.page
    double_click(ada, "Submit request access")
    ada.opens(f"{ada.system.login}/saas/")
    assert ada.page.words.count("DE22") == 2
    ada.browser.page = recap
    ada.presses("Submit request access")
    assert ada.page.path == "/saas/", "the back button and a third click lead to the same end"
    assert ada.page.words.count("DE22") == 2


def test_two_coordinators_who_decide_at_once_decide_once(ada: Person) -> None:
    ada.asks_for_access()
    windows = [people.demo(ada.system, "coordinator.rnd"), people.demo(ada.system, "coordinator.rnd")]
    for clara in windows:
        clara.opens(f"{ada.system.login}/saas/approvals")
        clara.proves_who_it_is()
        clara.presses("Search", search=ada.email)
        clara.browser.follow("Open")
    grant, refuse = windows
    at_once(
        lambda: grant.presses("Save decision", decision="grant", reason="Yes."),
        lambda: refuse.presses("Save decision", decision="refuse", reason="No."),
    )
    told = [
        mail["subject"]
        for mail in ada.post.mails(ada.email)
        if "granted" in mail["subject"] or "refused" in mail["subject"]
    ]
    assert len(told) == 1
    ada.opens(f"{ada.system.login}/saas/")
    assert ada.page.words.count("Active") == (2 if "granted" in told[0] else 0)


def test_a_patient_and_a_panel_sent_twice_at_once_are_one_each(each_system: System) -> None:
    hp = people.demo(each_system, "hp.rnd")
    hp.enters_cpms()
    hp.opens(f"{each_system.cpms}/patients/enrol")
    fields = {"nickname": "Twinbird", "sex": "female", "birth": "1979", "disease": "Ataxia", "care": "y"}
    double_click(hp, "Enrol the patient", **fields)
    hp.opens(f"{each_system.cpms}/patients?q=Twinbird")
    assert hp.page.words.count("Twinbird") == 1
    hp.browser.follow("RND-")
    hp.follows("Start a panel")
    double_click(hp, "Start the panel", question="One or two?")
    hp.opens(f"{each_system.cpms}/panels")
    assert hp.page.words.count("Twinbird") == 1


def test_the_back_button_in_the_wizard_takes_the_choice_made_last(ada: Person) -> None:
    ada.opens(f"{ada.system.login}/saas/requestAccess/application/741/create.html")
    ada.presses("Step 2: select an organisation")
    ada.browser.follow("Open ERN-RND")
    ada.browser.follow("Open Germany")
    second = ada.page
    ada.presses("Step 3: select an access profile", organisation=second.choice("DE22"))
    ada.chooses_profiles(("HP",), membership=True)
    assert "DE22" in ada.page.words
    ada.browser.page = second
    ada.presses("Step 3: select an access profile", organisation=second.choice("DE03"))
    ada.chooses_profiles(("HP",), membership=True)
    assert "DE03" in ada.page.words
    assert "DE22" not in ada.page.words


def test_the_back_button_after_signing_in_asks_nothing_again(ada: Person) -> None:
    ada.browser = ada.browser.anew()
    ada.opens(f"{ada.system.login}/account")
    login = ada.page
    ada.proves_who_it_is()
    ada.opens(login.address)
    assert ada.page.path == "/account"
    ada.browser.page = login
    ada.presses("Sign in", identifier=ada.email, password=ada.password)
    assert ada.page.path == "/account"


def test_a_used_link_says_so_and_changes_nothing(ada: Person) -> None:
    link = ada.invitation()
    stranger = Person(ada.system, "Eve", "Other", ada.email, "+491713920049")
    stranger.opens(link)
    assert not stranger.page.has_field("new_password")
    assert stranger.page.status in (404, 409, 410)
