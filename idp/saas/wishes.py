"""What a person may ask for: the rules between application, organisation, profiles and what is held already."""

from collections.abc import Collection

from sqlalchemy import select

from idp.accounts import questions
from idp.core import clock
from idp.core.db import db
from idp.core.errors import Invalid, NotFound
from idp.core.levels import MFA, reaches
from idp.core.values import frozen
from idp.saas import organisations
from idp.saas.authority import administrators, team_of, valid
from idp.saas.catalogue_models import Application, Decider, Organisation, OrganisationKind, Profile
from idp.saas.models import OPEN_STATES, Access, AccessRequest, AccessState, Draft, ItemState, RequestItem

LONGEST_COMMENT = 10_000


@frozen
class Wish:
    """What a person wants: profiles of an application at an organisation (its path), and the membership beside it."""

    application_id: int
    path: str
    profiles: tuple[str, ...]
    membership: bool = False
    comment: str = ""


@frozen
class Offer:
    """A profile as it can be asked for at an organisation; `standing`: "held", "waiting" or "" (free to ask)."""

    profile: Profile
    standing: str


def application_of(application_id: int) -> Application:
    """Return an application that takes requests.

    Raises NotFound for an unknown one, Invalid for one of the catalogue that takes none here.
    """
    found = db.session.get(Application, application_id)
    if found is None:
        raise NotFound("application_unknown")
    if not found.takes_requests:
        raise Invalid("application_not_open", application=found.label)
    return found


def organisation_of(application: Application, path: str) -> Organisation:
    """Return the organisation that a request for an application may name; raise Invalid or NotFound otherwise."""
    found = organisations.find(path) if path else None
    if found is None or not found.can_be_chosen:
        raise Invalid("organisation_needed")
    if found.kind is OrganisationKind.GUEST and not application.takes_guests:
        raise Invalid("no_guests")
    return found


def offers(account_id: int, application_id: int, organisation: Organisation) -> list[Offer]:
    """Return the profiles of an application with how they stand for a person at an organisation; three queries."""
    wanted = select(Profile).where(Profile.application_id == application_id, Profile.status == "active")
    if organisation.kind is OrganisationKind.GUEST:
        wanted = wanted.where(Profile.for_guests)
    now = clock.now()
    mine = (Access.account_id == account_id) & (Access.organisation_id == organisation.id)
    held = db.session.scalars(
        select(Access.profile_id).where(mine, valid(now) | (Access.state == AccessState.LOCKED))
    ).all()
    waiting = db.session.scalars(
        select(RequestItem.profile_id).where(
            RequestItem.account_id == account_id,
            RequestItem.organisation_id == organisation.id,
            RequestItem.state.in_(OPEN_STATES),
        )
    ).all()
    found = db.session.scalars(wanted.order_by(Profile.position))
    return [Offer(profile, _standing(profile.id, held, waiting)) for profile in found]


def membership_offer(account_id: int, application: Application, organisation: Organisation) -> Offer | None:
    """Return the membership that can be asked for beside an application, or None where there is none to ask for."""
    if application.membership_id is None or organisation.kind is OrganisationKind.GUEST:
        return None
    free = [offer for offer in offers(account_id, application.membership_id, organisation) if not offer.standing]
    return free[0] if free else None


def items_of(account_id: int, wish: Wish) -> list[RequestItem]:
    """Return the items of a request; raise Invalid with the key of the sentence that says what to do."""
    application = application_of(wish.application_id)
    organisation = organisation_of(application, wish.path)
    chosen = check_profiles(offers(account_id, application.id, organisation), wish.profiles)
    if len(wish.comment) > LONGEST_COMMENT:
        raise Invalid("comment_long")
    if needs_factor(account_id, application):
        raise Invalid("second_factor_needed")
    beside = membership_offer(account_id, application, organisation) if wish.membership else None
    if beside:
        chosen.append(beside.profile)
    return [item_for(account_id, organisation, profile) for profile in chosen]


def check_chosen(account_id: int, wish: Wish) -> None:
    """Raise Invalid if the profiles of a wish cannot be asked for like this."""
    application = application_of(wish.application_id)
    organisation = organisation_of(application, wish.path)
    check_profiles(offers(account_id, application.id, organisation), wish.profiles)


def check_profiles(offered: list[Offer], codes: Collection[str]) -> list[Profile]:
    """Return the chosen profiles; raise Invalid if nothing was chosen, or something that cannot be asked for."""
    by_code = {offer.profile.code: offer for offer in offered}
    if not codes:
        raise Invalid("profile_needed")
    if not set(codes) <= set(by_code):
        raise Invalid("profile_unknown")
    for code in codes:
        _check_profile(by_code[code], by_code, codes)
    return [offer.profile for offer in offered if offer.profile.code in codes]


def needs_factor(account_id: int, application: Application) -> bool:
    """Say whether the person has to add a second factor before asking for an application (SECURITY.md, 1)."""
    return reaches(application.level, MFA) and not questions.second_factors(account_id)


def check_decidable(request: AccessRequest) -> None:
    """Raise Invalid if there is a wish that nobody could decide about."""
    organisation = request.items[0].organisation
    by_administrator = any(item.profile.decided_by is Decider.ADMINISTRATOR for item in request.items)
    if by_administrator:
        somebody = bool(administrators(but=request.account_id))
    else:
        somebody = bool(team_of(organisation, but=request.account_id))
    if not somebody:
        raise Invalid("nobody_decides", network=organisation.network)


def _standing(profile_id: int, held: Collection[int], waiting: Collection[int]) -> str:
    if profile_id in held:
        return "held"
    return "waiting" if profile_id in waiting else ""


def _check_profile(offer: Offer, by_code: dict[str, Offer], codes: Collection[str]) -> None:
    profile = offer.profile
    if offer.standing:
        raise Invalid(f"profile_{offer.standing}", profile=profile.code)
    needed = by_code.get(profile.needs) if profile.needs else None
    if needed and needed.profile.code not in codes and needed.standing != "held":
        raise Invalid("profile_needs", profile=profile.code, needed=needed.profile.code)


def item_for(account_id: int, organisation: Organisation, profile: Profile) -> RequestItem:
    """Return a new wish for a profile at an organisation."""
    return RequestItem(
        account_id=account_id,
        application_id=profile.application_id,
        organisation=organisation,
        profile=profile,
        state=ItemState.SUBMITTED,
        version=1,
    )


@frozen
class Offered:
    """What the third step offers: the profiles, and the membership beside them (None: nothing to ask for)."""

    profiles: list[Offer]
    membership: Offer | None
    needs_factor: bool


def offers_for(account_id: int, draft: Draft) -> Offered:
    """Return what can be asked for at the application and organisation of a draft."""
    application, organisation = draft.application, draft.organisation
    if application is None or organisation is None:
        raise Invalid("organisation_needed")
    return Offered(
        offers(account_id, application.id, organisation),
        membership_offer(account_id, application, organisation),
        needs_factor(account_id, application),
    )
