"""The reference data: what is in them, and loading them again and again."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idp.core.db import db
from idp.saas import catalogue, organisations
from idp.saas.catalogue_models import Application, Organisation, OrganisationKind, Profile
from idp.saas.organisations import Wanted
from idp.saas.words import fold
from tests.saas.people import TUEBINGEN, Town, statements


def data(name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads((catalogue.FOLDER / f"{name}.json").read_text("utf-8"))
    return rows


def test_the_files_hold_every_network_country_and_sourced_hospital_and_no_guessed_code() -> None:
    assert (len(data("erns")), len(data("countries")), len(data("hcps"))) == (24, 30, 265)
    assert "inferred" not in (catalogue.FOLDER / "hcps.json").read_text("utf-8")
    assert all(row["source"] for row in data("hcps"))
    assert all(row["reference"] == row["code"] for row in data("hcps") if row["code"])
    assert len([row for row in data("hcps") if row["code"]]) == 73


def test_every_level_of_the_tree_is_there(each_town: Town) -> None:
    with each_town.app.app_context():
        counted = select(Organisation.kind, func.count()).group_by(Organisation.kind)
        kinds = {kind.value: count for kind, count in db.session.execute(counted)}
    assert kinds == {"network": 25, "country": 750, "guest": 750, "provider": 265}


def test_one_hospital_in_two_networks_is_two_nodes_under_one_code(town: Town) -> None:
    with town.app.app_context():
        munich = select(Organisation.path).where(Organisation.code == "DE03").order_by(Organisation.path)
        assert list(db.session.scalars(munich)) == ["ERN-RND/DE/DE03", "ERN-SKIN/DE/DE03"]


def test_the_networks_stand_in_the_order_of_saas(town: Town) -> None:
    with town.app.app_context():
        labels = [organisations.label(found) for found in organisations.listing(None, Wanted(per_page=100)).items]
    assert labels[:8] == [
        "BOND - Bone Disorders",
        "COVID-19",
        "CRANIO - Craniofacial anomalies and ear, nose and throat disorders",
        "ERKNet - Kidney Diseases",
        "ERN-EYE - Eye Diseases",
        "ERN-LUNG - Respiratory Diseases",
        "ERN-RND - Neurological Diseases",
        "ERN-SKIN - Skin Disorders",
    ]


def test_guest_access_comes_first_in_each_country(town: Town) -> None:
    with town.app.app_context():
        countries = db.session.scalars(select(Organisation).where(Organisation.kind == OrganisationKind.COUNTRY))
        for country in countries.all()[::17]:
            first = organisations.listing(country, Wanted()).items[0]
            assert organisations.label(first) == "0000 Guest Access"


def test_two_applications_take_requests_and_all_of_the_list_are_there(town: Town) -> None:
    with town.app.app_context():
        found = db.session.scalars(select(Application).order_by(Application.position)).all()
        assert len(found) == 19
        assert [(each.id, each.name) for each in found if each.takes_requests] == [
            (741, "CPMS"),
            (742, "European Reference Networks"),
        ]
        codes = select(Profile.code).where(Profile.application_id == 741).order_by(Profile.position)
        assert list(db.session.scalars(codes)) == [
            "Coordinator",
            "Dispatcher",
            "HP",
            "Panel Manager ERN",
            "Panel Manager HCP",
            "Researcher",
        ]


def test_loading_again_does_nothing(each_town: Town) -> None:
    with each_town.app.app_context():
        with statements(each_town.app) as seen:
            assert catalogue.load_reference() is False
        assert len(seen) == 1


def test_changed_files_change_the_catalogue_and_keep_ids(each_town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(catalogue.FOLDER, folder)
    rows = [row for row in data("hcps") if row["code"] != "DE27"]
    for row in rows:
        if row["code"] == "DE22":
            row["name"] = "Universitätsklinikum Tübingen"
    (folder / "hcps.json").write_text(json.dumps(rows), "utf-8")
    with each_town.app.app_context():
        before = organisations.find(TUEBINGEN).id
        assert catalogue.load_reference(folder) is True
        after = organisations.find(TUEBINGEN)
        assert (after.id, after.name) == (before, "Universitätsklinikum Tübingen")
        closed = db.session.scalars(select(Organisation).where(Organisation.code == "DE27")).all()
        assert {found.state.value for found in closed} == {"closed"}
        assert catalogue.load_reference() is True
        assert organisations.find("ERN-RND/DE/DE27").name == "Universitätsklinikum Würzburg"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Universitätsklinikum Würzburg", "universitatsklinikum wurzburg"),
        ("Szent-Györgyi Albert", "szent gyorgyi albert"),
        ("Sant Joan de Déu", "sant joan de deu"),
        ("Łódź, Sørlandet", "lodz sorlandet"),
        ("  CA'Granda  ", "ca granda"),
        ("100%_sure", "100 sure"),
    ],
)
def test_words_are_compared_without_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("wurzburg", "ERN-RND/DE/DE27"),
        ("WÜRZBURG", "ERN-RND/DE/DE27"),
        ("de22", TUEBINGEN),
        ("pisan aou", "ReCONNET/IT/IT08"),
        ("neurological", "ERN-RND"),
        ("eb-haus salzburg", "ERN-SKIN/AT/AT01"),
        ("ljubljana", "ERN-SKIN/SI/SL02"),
    ],
)
def test_a_search_finds_by_name_city_and_code(town: Town, search: str, first: str) -> None:
    with town.app.app_context():
        assert organisations.listing(None, Wanted(search=search)).items[0].path == first


@pytest.mark.parametrize("search", ["%", "_", "'; DROP TABLE organisation", "🙂", "x" * 300, "\x00", "nothinglikethis"])
def test_a_search_for_nonsense_finds_nothing_and_breaks_nothing(each_town: Town, search: str) -> None:
    with each_town.app.app_context():
        node = organisations.find("ERN-RND/DE")
        found = organisations.listing(node, Wanted(search=search))
        assert found.total in (0, 10)


def test_a_search_stays_below_the_open_organisation(town: Town) -> None:
    with town.app.app_context():
        germany = organisations.find("ERN-SKIN/DE")
        found = organisations.listing(germany, Wanted(search="klinikum"))
        assert found.items
        assert all(each.path.startswith("ERN-SKIN/DE/") for each in found.items)
