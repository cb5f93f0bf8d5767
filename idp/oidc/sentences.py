"""What people read when an application's request cannot be answered to the application."""

from flask_babel import lazy_gettext as _l

from idp.core.sentences import Sentence

SENTENCES = {
    "client_unknown": Sentence(
        _l("This application is not registered"),
        _l("We do not know the application that sent you here, so we sent it nothing. Tell its help desk."),
    ),
    "redirect_uri_wrong": Sentence(
        _l("The application sent a wrong return address"),
        _l("It is not one that the application registered, so we sent nothing there. Tell the help desk of it."),
    ),
    "answer_unprotected": Sentence(
        _l("The application has no key for our answer"),
        _l("It wants our answers encrypted and shows no key for it, so we sent nothing there. Tell its help desk."),
    ),
    "authorization_expired": Sentence(
        _l("This sign-in took too long"),
        _l("Nothing was lost. Go back to the application and choose its sign-in again."),
    ),
    "logout_malformed": Sentence(
        _l("The application's sign-out could not be read"),
        _l("You are still signed in. Use Log out in the menu with your name."),
    ),
}
