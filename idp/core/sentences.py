"""What refusals and errors say: what happened, and what to do. An area adds its keys with `BY_KEY.update`."""

from typing import Any

from flask_babel import lazy_gettext as _l

from idp.core.values import frozen


@frozen
class Sentence:
    """A heading and one or two sentences that may name the refusal's details as %(name)s."""

    title: Any
    text: Any

    def plain(self, details: dict[str, Any]) -> str:
        """Return the text in the request's language with its details filled in."""
        text = str(self.text)
        return text % details if "%(" in text else text


BY_STATUS = {
    400: Sentence(
        _l("We could not read your request"),
        _l("Something in the address or in the form is not complete. Nothing was changed. Go back and try again."),
    ),
    401: Sentence(_l("Please sign in"), _l("This needs a signed-in person. Nothing was changed.")),
    403: Sentence(_l("You may not do this"), _l("Your account does not have the right for this. Nothing was changed.")),
    404: Sentence(
        _l("This page does not exist"),
        _l("Check the address, or begin at the start page. A link from a mail may be broken into two lines."),
    ),
    405: Sentence(_l("This page cannot be opened that way"), _l("Nothing was changed. Begin at the start page.")),
    409: Sentence(
        _l("Somebody was faster"),
        _l("What you asked for was done or changed meanwhile. Open the page again to see how it stands."),
    ),
    410: Sentence(
        _l("This link is no longer valid"), _l("It was used already, or its time is over. Ask for a new one.")
    ),
    413: Sentence(
        _l("That is too much at once"),
        _l("What you sent is larger than we accept. Nothing was changed. Go back, shorten it and send it again."),
    ),
    415: Sentence(_l("We cannot read this format"), _l("Nothing was changed.")),
    429: Sentence(
        _l("Too many tries in a short time"),
        _l("To protect your account we pause for a moment. Nothing was changed."),
    ),
    500: Sentence(
        _l("Something went wrong on our side"),
        _l("Your request was not carried out. It is not your fault, and nothing was lost."),
    ),
    503: Sentence(_l("We are busy at this moment"), _l("Your request was not carried out, and nothing was lost.")),
}

BY_KEY = {
    "foreign_form": Sentence(
        _l("This form came from another website"),
        _l("To protect you we did not carry it out. If you wanted to do this, fill in the form on our own page."),
    ),
    "stale_form": Sentence(
        _l("This page was open for too long"),
        _l("Nothing was changed. Allow cookies for this site, load the page again and send it once more."),
    ),
}
