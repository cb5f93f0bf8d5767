"""The main story: a newcomer asks, the coordinator decides, the mail comes, the access is there."""

from idp.saas import access
from tests.saas.people import CPMS, DEEP_LINK, ECP, TUEBINGEN, Town, mails, words


def test_a_newcomer_asks_the_coordinator_grants_and_the_access_is_there(town: Town) -> None:
    clara, nora = town.coordinator(language="fr"), town.person("Nora")
    page = nora.opens(DEEP_LINK)
    assert "New application access" in words(page)
    second = nora.sends(DEEP_LINK, application=str(CPMS)).location
    assert "ERN-RND - Neurological Diseases" in words(nora.opens(second))
    assert "Germany" in words(nora.opens(f"{second}?node=ERN-RND"))
    assert "DE22 - University Hospital and Faculty of Medicine Tubingen" in words(
        nora.opens(f"{second}?node=ERN-RND/DE")
    )
    third = nora.sends(f"{second}?node=ERN-RND/DE", organisation=TUEBINGEN).location
    fourth = nora.sends(third, profile="HP", membership="y").location
    assert "DE22" in words(nora.opens(fourth))
    done = nora.sends(fourth, comment="Ataxia clinic.")
    assert (done.status_code, done.location) == (303, "/saas/")
    assert "Your request is sent to the coordination team of ERN-RND" in words(nora.opens("/saas/"))
    notice = mails(town.app)[-1]
    assert (notice["to"], notice["language"]) == (clara.email, "fr")

    assert "Nora Vasseur" in words(clara.opens("/saas/approvals"))
    assert "Ataxia clinic." in words(clara.opens(f"/saas/approvals/{nora.reference()}"))
    answer = clara.decides(nora.reference(), "grant", nora.items(), reason="Welcome to the ataxia group.")
    assert (answer.status_code, answer.location) == (303, "/saas/approvals")
    told = mails(town.app)[-1]
    assert (told["to"], told["language"]) == (nora.email, "en")
    assert "Welcome to the ataxia group." in told["text"]
    assert len(mails(town.app)) == 2

    with town.app.app_context():
        [grant] = access.accesses_for(nora.id, CPMS)
        assert access.has_access(nora.id, ECP)
        assert access.access_version(nora.id) == 2
    assert (grant.ern, grant.country, grant.hcp_code, grant.profiles) == ("ERN-RND", "DE", "DE22", ("HP",))
    assert grant.ecp_member
    assert grant.guest is None
    assert "Active" in words(nora.opens("/saas/"))


def test_a_french_speaker_meets_french_in_every_step_and_in_the_mail(town: Town) -> None:
    clara, camille = town.coordinator(), town.person("Camille", "fr")
    assert "Nouvel accès à une application" in words(camille.opens(DEEP_LINK))
    third = camille.begins()
    fourth = camille.sends(third, profile="HP", membership="y").location
    assert "Allemagne" in words(camille.opens(fourth))
    camille.sends(fourth, comment="Service 7")
    clara.decides(camille.reference(), "grant", camille.items())
    told = mails(town.app)[-1]
    assert (told["to"], told["language"]) == (camille.email, "fr")
    assert "Your request" not in told["text"]
    assert "Camille Vasseur" in told["text"]
