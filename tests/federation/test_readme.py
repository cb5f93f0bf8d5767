"""The application of the README signs people in, as it is printed there."""

import re
from urllib.parse import urlsplit

from tests.federation.test_federation import registered, signed_in
from tests.support.servers.system import ROOT, System

ADDRESS = "http://localhost:9000"


def test_the_ten_lines_of_the_readme_read_what_a_person_may_do(system: System) -> None:
    client = registered(system, f"{ADDRESS}/callback")
    party = printed(system.login, client).test_client()
    browser = signed_in(system, "hp.rnd")
    leaving = party.get("/", base_url=ADDRESS)
    coming_back = browser.get(leaving.headers["Location"], allow_redirects=False, timeout=20).headers["Location"]
    assert coming_back.startswith(f"{ADDRESS}/callback?")
    arrived = party.get(f"{urlsplit(coming_back).path}?{urlsplit(coming_back).query}", base_url=ADDRESS)
    assert [(one["ern"], one["hcp"], one["profiles"]) for one in arrived.get_json()] == [("ERN-RND", "DE22", ["HP"])]


def printed(issuer: str, client: dict[str, str]):
    """The Flask application of the README, with the address and the registration of this test."""
    code = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert code
    text = code[1].replace("http://localhost:8000", issuer)
    for name in ("client_id", "client_secret"):
        text = text.replace(name.upper(), client[name])
    made: dict[str, object] = {"__name__": "app"}
    exec(compile(text, "README.md", "exec"), made)
    return made["app"]
