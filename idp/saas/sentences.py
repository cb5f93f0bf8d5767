"""What people read when something about a request or an access is refused: what happened, and what to do."""

from typing import Any

from flask_babel import lazy_gettext as _l

from idp.core.errors import Refusal
from idp.core.sentences import BY_KEY, BY_STATUS, Sentence

_NOT_SENT = _l("Your request is not sent yet")
_NOT_LENT = _l("Nothing was changed")

BY_KEY.update(
    {
        "application_unknown": Sentence(
            _l("There is no such application"),
            _l("The address names an application that we do not know. Choose one from the list under Request access."),
        ),
        "application_not_open": Sentence(
            _l("Access cannot be requested here yet"),
            _l("%(application)s does not take requests here. Write to the help desk and say what you need."),
        ),
        "application_needed": Sentence(_NOT_SENT, _l("Choose an application from the list.")),
        "organisation_unknown": Sentence(
            _l("There is no such organisation"),
            _l("The address names an organisation that we do not know. Go back to the list and choose again."),
        ),
        "organisation_needed": Sentence(
            _NOT_SENT, _l("Choose your hospital or guest access. Open your network and your country to see them.")
        ),
        "organisation_exists": Sentence(
            _l("This organisation exists already"),
            _l("A hospital of this name and city is in the list already. Choose it there."),
        ),
        "organisation_waits": Sentence(
            _l("This cannot be approved yet"),
            _l("%(organisation)s is not confirmed yet. Confirm it first, then approve the request."),
        ),
        "organisation_closed": Sentence(
            _l("This cannot be approved"),
            _l("%(organisation)s is no longer in the list. Refuse the request and say what to choose instead."),
        ),
        "hospital_name_needed": Sentence(_NOT_SENT, _l("Enter the name of the hospital, in words.")),
        "hospital_name_long": Sentence(_NOT_SENT, _l("The name is too long. Use at most 200 characters.")),
        "hospital_city_needed": Sentence(_NOT_SENT, _l("Enter the city, in words.")),
        "hospital_city_long": Sentence(_NOT_SENT, _l("The city is too long. Use at most 100 characters.")),
        "hospital_similar": Sentence(
            _NOT_SENT,
            _l("The list has hospitals that look like it. Choose one of them, or say that yours is none of these."),
        ),
        "hospital_unknown": Sentence(
            _l("There is no such proposal"),
            _l("Perhaps it is not yours to see. Go back to the list and open it from there."),
        ),
        "hospital_proposals": Sentence(
            _l("Too many proposals in one day"),
            _l("You proposed several hospitals today. Go on tomorrow, or write to the help desk."),
        ),
        "no_guests": Sentence(_NOT_SENT, _l("This application has no guests. Choose your hospital.")),
        "profile_needed": Sentence(_NOT_SENT, _l("Choose at least one access profile.")),
        "profile_unknown": Sentence(_NOT_SENT, _l("Choose access profiles from the list. Guests can only ask for HP.")),
        "profile_held": Sentence(
            _NOT_SENT, _l("You already have the profile %(profile)s there. Choose only what is new.")
        ),
        "profile_waiting": Sentence(
            _NOT_SENT,
            _l("You already asked for %(profile)s there, and it waits for a decision. Choose only what is new."),
        ),
        "profile_needs": Sentence(
            _NOT_SENT, _l("%(profile)s also needs %(needed)s in the same hospital. Choose %(needed)s as well.")
        ),
        "second_factor_needed": Sentence(
            _NOT_SENT,
            _l("This application needs a second factor. Add one first, then send the request."),
        ),
        "comment_long": Sentence(_NOT_SENT, _l("The comment is too long. Use at most 10,000 characters.")),
        "nobody_decides": Sentence(
            _NOT_SENT,
            _l(
                "Nobody can decide about it: %(network)s has no coordination team here yet. "
                "Write to the help desk: %(helpdesk)s"
            ),
        ),
        "draft_unknown": Sentence(
            _l("This request cannot be continued"),
            _l("It belongs to another person, or it was left alone for too long. Begin again under Request access."),
        ),
        "draft_sent": Sentence(
            _l("This request was sent already"),
            _l("You find it under User Data details. Begin again under Request access if you need more."),
        ),
        "answer_long": Sentence(_NOT_SENT, _l("The answer is too long. Use at most 10,000 characters.")),
        "reason_long": Sentence(_l("The message is too long"), _l("Use at most 10,000 characters.")),
        "access_request_unknown": Sentence(
            _l("There is no such request"),
            _l("Perhaps it is not yours to see. Go back to the list and open it from there."),
        ),
        "access_unknown": Sentence(
            _l("There is no such access"),
            _l("Perhaps it is not yours to see. Go back to the list and open it from there."),
        ),
        "already_decided": Sentence(
            _l("Somebody was faster"),
            _l("This was decided or changed by %(who)s meanwhile. What you sent was not carried out."),
        ),
        "access_ended": Sentence(
            _l("Somebody was faster"),
            _l("This access has ended or changed meanwhile. What you sent was not carried out."),
        ),
        "not_recognised": Sentence(
            _l("The person is not recognised yet"),
            _l("All devices of this person were deleted. Call the person back and confirm the identity first."),
        ),
        "no_device_yet": Sentence(
            _l("The person has no device yet"),
            _l("Wait until a new one is registered, and ask the person whether it is the right one. Then confirm."),
        ),
        "identity_asked": Sentence(
            _l("We asked for you already"),
            _l("The coordination team has your wish. Give it some time, or call it."),
        ),
        "nothing_asked": Sentence(_l("There is no open question"), _l("It was answered, or the request was decided.")),
        "answer_needed": Sentence(_l("Your answer is missing"), _l("Write an answer, then send it.")),
        "reason_needed": Sentence(
            _l("A message is missing"), _l("Write a message to the person. It is needed unless you approve.")
        ),
        "items_needed": Sentence(_l("Nothing is chosen"), _l("Choose at least one profile to decide about.")),
        "decision_needed": Sentence(_l("Nothing is chosen"), _l("Choose a decision.")),
        "until_wrong": Sentence(_l("The date is not right"), _l("Enter a date after today and within ten years.")),
        "grant_needs": Sentence(
            _l("One profile is missing"),
            _l("%(profile)s can only be granted with %(needed)s in the same hospital. Approve both."),
        ),
        "delegate_needed": Sentence(_NOT_LENT, _l("Enter the person's e-mail address or identifier.")),
        "delegate_unknown": Sentence(
            _NOT_LENT,
            _l(
                "Nobody with this e-mail address or identifier has an account here. Ask the person to create one first."
            ),
        ),
        "delegate_self": Sentence(_NOT_LENT, _l("That is you. Enter somebody else.")),
        "delegate_coordinates": Sentence(
            _NOT_LENT, _l("This person belongs to the coordination team and decides for the whole network already.")
        ),
        "delegation_exists": Sentence(
            _NOT_LENT, _l("This person decides there already. End the old delegation first if you want another end.")
        ),
        "scope_needed": Sentence(_NOT_LENT, _l("Choose a country or a hospital from the list.")),
        "delegation_day": Sentence(_NOT_LENT, _l("Enter a day from today on, within one year.")),
        "delegation_outlives": Sentence(_NOT_LENT, _l("Your own right ends before. Enter %(day)s or an earlier day.")),
        "delegation_unknown": Sentence(
            _l("There is no such delegation"), _l("Perhaps it is somebody else's. Only who made it can end it.")
        ),
        "delegation_ended": Sentence(_l("Somebody was faster"), _l("This delegation has ended already.")),
        "delegations": Sentence(_l("Too many tries in one hour"), _l("Nothing was changed. Try again later.")),
        "access_requests": Sentence(
            _l("Too many requests in one day"), _l("Your request is kept and can be sent tomorrow. Nothing is lost.")
        ),
    }
)


def told(refusal: Refusal, **more: Any) -> str:
    """Return a refusal as the sentence that a form shows."""
    sentence = BY_KEY.get(refusal.key) or BY_STATUS[refusal.status]
    return sentence.plain({**refusal.details, **more})
