"""A recovery code counts once, at however many challenges it is typed at the same moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from idp.core.levels import MFA
from tests.mfa.test_recovery_codes import USED, answered, asked, makes
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person


def test_one_code_at_a_hundred_challenges_at_once_counts_once(each_app: Flask) -> None:
    person(each_app, EMAIL, PHONE)
    browser = Browser(each_app)
    browser.enters(MFA)
    [code, *_] = makes(browser)
    handles = [asked(each_app, f"attempt:{number}") for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(lambda handle: answered(each_app, handle, code), handles))
    assert told["passed"] == 1
    assert Counter(mails(each_app))[EMAIL, USED] == 1
