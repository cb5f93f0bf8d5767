"""Who reaches what: a matrix made from the route table, and the policy over act, person and place."""

from itertools import product

import pytest

from idp.core.levels import MFA
from idp.saas import approvals
from idp.saas.authority import authority_of
from idp.saas.catalogue_models import Decider
from idp.saas.policy import MAY, Act, Authority, Matter, may
from tests.saas.people import MUNICH, PISA, TUEBINGEN, Person, Town

# Who may open each page: a new route without a line here fails the test below.
ANYBODY, TEAM, ADMINISTRATOR, OWNER = "signed in", "team", "administrator", "owner"
COORDINATORS = "coordinators"
PAGES = {
    "saas.home": ANYBODY,
    "saas.request_access": ANYBODY,
    "saas.create": ANYBODY,
    "saas.application": OWNER,
    "saas.organisation": OWNER,
    "saas.profile": OWNER,
    "saas.recap": OWNER,
    "saas.propose": OWNER,
    "saas.user_data": ANYBODY,
    "saas.withdraw": OWNER,
    "saas.answer": OWNER,
    "saas.approvals": TEAM,
    "saas.accesses": TEAM,
    "saas.access": TEAM,
    "saas.approval": TEAM,
    "saas.hospitals": TEAM,
    "saas.hospital": TEAM,
    "saas.identities": TEAM,
    "saas.identity": TEAM,
    "saas.locked": ANYBODY,
    "saas.come_back": ANYBODY,
    "saas.delegations": COORDINATORS,
    "saas.admin": ADMINISTRATOR,
}


def test_every_route_has_its_rule(town: Town) -> None:
    routes = {rule.endpoint for rule in town.app.url_map.iter_rules() if rule.endpoint.startswith("saas.")}
    assert routes == set(PAGES)


def test_every_page_opens_for_those_who_may_and_for_nobody_else(town: Town) -> None:
    nora, olaf, adele = town.person("Nora"), town.person("Olaf"), town.administrator()
    clara, chiara = town.coordinator(), town.coordinator("Chiara", PISA)
    for one in (nora, olaf):
        one.signs_in(MFA)
    draft = nora.sends(nora.begins(), profile="HP").location.split("/")[3]
    nora.asks("HP", path=MUNICH)
    nora.holds("Researcher")
    lost = town.person("Petra").holds("HP").panics()
    values = {
        "uid": lost.uid,
        "application_id": 741,
        "token": draft,
        "item_id": nora.items()[0].id,
        "reference": nora.reference(),
        "access_id": nora.accesses()[-1].id,
        "proposal_id": nora.proposes("Klinik am Testberg", "Testberg"),
    }
    people = {"owner": nora, "stranger": olaf, "team": clara, "other team": chiara, "administrator": adele}
    with town.app.test_request_context("/", base_url="http://localhost:8000"):
        adapter = town.app.url_map.bind("localhost:8000")
        addresses = {
            rule.endpoint: adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
            + ("?node=ERN-RND/DE" if rule.endpoint == "saas.propose" else "")
            for rule in town.app.url_map.iter_rules()
            if rule.endpoint in PAGES and "GET" in (rule.methods or ())
        }
    expected = {
        ANYBODY: set(people),
        OWNER: {"owner"},
        TEAM: {"team"},
        COORDINATORS: {"team", "other team"},
        ADMINISTRATOR: {"administrator"},
    }
    # Lists are open to every team and to administrators, each sees its own part; one access also to administrators.
    lists = {"saas.approvals", "saas.accesses", "saas.hospitals", "saas.identities"}
    for endpoint, address in addresses.items():
        opened = {name for name, person in people.items() if person.opens(address).status_code == 200}
        wanted = expected[PAGES[endpoint]] | ({"other team", "administrator"} if endpoint in lists else set())
        wanted |= {"administrator"} if endpoint in ("saas.access", "saas.hospital") else set()
        assert opened == wanted, endpoint
        refused = {person.opens(address).status_code for name, person in people.items() if name not in wanted}
        assert refused <= {404}, endpoint
    for address in addresses.values():
        stranger = town.app.test_client()
        assert stranger.get(address).location.startswith("/login"), address


WHO = {
    "nobody": Authority(1),
    "coordinator": Authority(1, networks=frozenset({"ERN-RND"})),
    "delegate of Germany": Authority(1, lent_by=frozenset({("ERN-RND/DE", 7)})),
    "delegate of DE22": Authority(1, lent_by=frozenset({(TUEBINGEN, 7)})),
    "administrator": Authority(1, is_administrator=True),
}
WHERE = {
    "DE22": TUEBINGEN,
    "DE220": f"{TUEBINGEN}0",
    "DE03": MUNICH,
    "France": "ERN-RND/FR/0000",
    "other network": PISA,
    "name alike": "ERN-RND-2/DE/DE22",
}
COVERED = {
    "coordinator": {"DE22", "DE220", "DE03", "France"},
    "delegate of Germany": {"DE22", "DE220", "DE03"},
    "delegate of DE22": {"DE22"},
}
ADMINISTRATOR_ALWAYS = {Act.REVOKE, Act.LOCK, Act.CHANGE_GUEST}


@pytest.mark.parametrize(("act", "who", "where"), list(product(Act, WHO, WHERE)))
def test_the_policy_over_act_person_and_place(act: Act, who: str, where: str) -> None:
    for decided_by, beside, own in product(Decider, (False, True), (False, True)):
        matter = Matter(1 if own else 2, WHERE[where], decided_by, beside)
        assert may(act, WHO[who], matter) is _expected(act, who, where, matter), matter


def _expected(act: Act, who: str, where: str, matter: Matter) -> bool:
    """Said again in another way than `policy.MAY` says it."""
    if matter.owner_id == 1 or who == "nobody":
        return False
    if act is Act.CONFIRM:
        return who == "administrator" or where in COVERED[who]
    if act is Act.DELEGATE:
        return who == "coordinator" and where in COVERED["coordinator"]
    if who == "administrator":
        needs_him = matter.decided_by is Decider.ADMINISTRATOR or matter.beside_administrator
        return act in ADMINISTRATOR_ALWAYS or needs_him
    return where in COVERED[who] and matter.decided_by is Decider.COORDINATION_TEAM


def test_every_act_has_a_rule() -> None:
    assert set(MAY) == set(Act)


def test_the_list_shows_exactly_what_the_policy_lets_decide(town: Town) -> None:
    adele = town.administrator()
    clara, chiara = town.coordinator(), town.coordinator("Chiara", PISA)
    askers = [town.person(name) for name in ("Nora", "Olaf", "Petra")]
    askers[0].asks("HP")
    askers[1].asks("Coordinator", "HP", path=PISA)
    askers[2].asks("Researcher", path=MUNICH, membership="y")
    clara.asks("Researcher", path=PISA)
    for judge in (adele, clara, chiara):
        assert _listed(town, judge) == _decidable(town, judge, [*askers, clara]), judge.name


def _listed(town: Town, judge: Person) -> set[str]:
    with town.app.app_context():
        authority = authority_of(_account(judge))
        found = approvals.cases(authority, approvals.Asked())
        assert found.total == len(found.items) == approvals.to_decide(authority).requests
        return {case.request.reference for case in found.items}


def _decidable(town: Town, judge: Person, askers: list[Person]) -> set[str]:
    from sqlalchemy import select

    from idp.core.db import db
    from idp.saas.models import AccessRequest

    with town.app.app_context():
        authority = authority_of(_account(judge))
        requests = db.session.scalars(select(AccessRequest)).all()
        return {request.reference for request in requests if approvals.decidable(authority, request.items)}


def _account(person: Person):  # type: ignore[no-untyped-def]
    from idp.accounts.models import Account
    from idp.core.db import db

    return db.session.get_one(Account, person.id)


def test_a_delegate_does_not_decide_about_whoever_lent_the_right() -> None:
    delegate = Authority(1, lent_by=frozenset({("ERN-RND/DE", 7)}))
    assert may(Act.DECIDE, delegate, Matter(2, TUEBINGEN))
    assert not may(Act.DECIDE, delegate, Matter(7, TUEBINGEN))
    of_two = Authority(1, lent_by=frozenset({("ERN-RND/DE", 7), (TUEBINGEN, 8)}))
    assert may(Act.DECIDE, of_two, Matter(7, TUEBINGEN)), "another coordinator lent it too"
