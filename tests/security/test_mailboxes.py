"""Nobody's mailbox is flooded by writing its address in other ways."""

from flask import Flask
from sqlalchemy import func, select

from idp.core.db import db
from idp.core.outbox import Message
from tests.accounts.browser import Browser

# One mailbox: the domain in other letters that mean the same (UTS 46), the whole in capitals, blanks around it.
SPELLINGS = (
    "mira@hospital.example",
    "MIRA@hospital.example",
    " mira@hospital.example ",
    "mira@\uff48ospital.example",
    "mira@h\uff4fspital.example",
    "mira@ho\uff53pital.example",
    "mira@hospital\uff0eexample",
    "mira@hospital\u3002example",
)


def test_one_mailbox_gets_five_mails_an_hour_however_it_is_written(app: Flask) -> None:
    browser = Browser(app)
    told = [browser.submit("/password/forgot", identifier=spelling).status_code for spelling in SPELLINGS]
    assert told == [303] * 5 + [429] * 3
    with app.app_context():
        assert db.session.scalar(select(func.count(Message.id))) == 5
