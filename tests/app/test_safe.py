"""What the phone keeps: no PIN, nothing that tells a right PIN from a wrong one, and no key that can be copied."""

import base64

import pytest
from playwright.sync_api import Page

from idp.core.assets import asset
from tests.app.conftest import Run, run_in

SEED = list(range(32))
KEPT = """const key = await it.makeDeviceKey(), kept = await it.lock(bytes(seed), pin, key);"""


def test_the_right_pin_gives_the_seed_and_a_wrong_one_gives_another_seed_without_an_error(run: Run) -> None:
    body = f"""{KEPT} const open = async (tried) => list(await it.unlock(kept, tried, key));
    return [await open(pin), await open('8306'), await open('')]"""
    right, wrong, none = run("safe", body, seed=SEED, pin="8305")
    assert right == SEED
    assert len(wrong) == len(none) == 32
    assert SEED not in (wrong, none)


def test_the_mask_is_that_of_the_protocols_page(run: Run) -> None:
    body = f"""{KEPT} const fixed = {{ ...kept, salt: bytes(salt) }};
    const masked = await it.unlock({{ ...kept, salt: kept.salt }}, pin, key);
    const inner = list(masked).map((byte) => byte);
    const mask = await it.stream(pin, bytes(salt), 32);
    return list(mask).map((byte, place) => byte ^ inner[place])"""
    salt = list(base64.urlsafe_b64decode("UFFSU1RVVldYWVpbXF1eXw=="))
    expected = list(base64.urlsafe_b64decode("VZbVekDvvCjMlKixz6DCfM-ZNZUQyxZgp_I5igCUEh0="))
    assert run("safe", body, seed=SEED, pin="8305", salt=salt) == expected


def test_the_stored_bytes_are_worth_nothing_without_the_key_of_this_phone(run: Run) -> None:
    body = f"""{KEPT} const other = await it.makeDeviceKey();
    try {{ await it.unlock(kept, pin, other); return null }} catch (error) {{ return error.name }}"""
    assert run("safe", body, seed=SEED, pin="8305") == "OperationError"


@pytest.mark.parametrize("made", ["(await it.makeKey()).privateKey", "await it.makeDeviceKey()"])
@pytest.mark.parametrize("form", ["jwk", "raw", "pkcs8"])
def test_no_key_can_be_read_out(run: Run, made: str, form: str) -> None:
    body = f"""const key = {made};
    try {{ await crypto.subtle.exportKey(form, key); return null }} catch (error) {{ return key.extractable }}"""
    assert run("safe", body, form=form) is False


def test_accounts_outlive_the_window_with_their_keys(page: Page) -> None:
    pair = f"const pair = await (await import('{asset('app/safe.js')}')).makeKey();"
    run_in(page, "store", f"{pair} await it.keep({{id: 'a', since: 2, pair}}); await it.keep({{id: 'b', since: 1}});")
    page.reload()
    body = """const [first, second] = await it.accounts();
    return [first.id, second.id, second.pair.privateKey instanceof CryptoKey, second.pair.privateKey.extractable]"""
    assert run_in(page, "store", body) == ["b", "a", True, False]
    assert run_in(page, "store", "await it.forget('a'); return (await it.accounts()).length") == 1


def test_two_windows_end_up_with_one_key_of_the_phone(page: Page) -> None:
    body = f"""const {{ lock, unlock }} = await import('{asset("app/safe.js")}');
    const [one, other] = await Promise.all([it.deviceKey(), it.deviceKey()]);
    return list(await unlock(await lock(bytes([1, 2]), '8305', one), '8305', other))"""
    assert run_in(page, "store", body) == [1, 2]


COMMON = [
    *("0000", "1111", "1234", "4321", "9876", "7890", "8901", "1212", "1122", "2580", "0852", "1379", "1984", "2026"),
    *("000000", "123456", "654321", "121212", "123123", "112233", "150885", "850815", "147258"),
]


@pytest.mark.parametrize("pin", COMMON)
def test_pins_that_are_tried_first_are_refused(run: Run, pin: str) -> None:
    assert run("pins", "return it.fault(pin, pin.length)", pin=pin) == "common"


@pytest.mark.parametrize(("pin", "digits"), [("8305", 4), ("7294", 4), ("839562", 6)])
def test_other_pins_are_taken(run: Run, pin: str, digits: int) -> None:
    assert run("pins", "return it.fault(pin, digits)", pin=pin, digits=digits) is None


@pytest.mark.parametrize(("pin", "digits"), [("", 4), ("830", 4), ("83052", 4), ("8305", 6), ("83o5", 4), ("٨٣٠٥", 4)])
def test_a_pin_has_the_digits_that_the_server_asks(run: Run, pin: str, digits: int) -> None:
    assert run("pins", "return it.fault(pin, digits)", pin=pin, digits=digits) == "length"
