"""The coarse limit on pages: off without Redis, shared by all hosts with it, never in the way when Redis is away."""

import pytest
from flask import Flask

from idp.core.settings import SettingsError
from tests.support.edge import build
from tests.support.servers.redis import Redis


def host(server: Redis) -> Flask:
    return build(REDIS_URL=server.url, ERN_LIMITS__PAGE_RATE="3 per hour")


def statuses(app: Flask, address: str, path: str = "/said", times: int = 4) -> list[int]:
    client = app.test_client()
    return [client.get(path, environ_base={"REMOTE_ADDR": address}).status_code for _ in range(times)]


def test_a_source_is_limited_over_all_hosts_and_told_when_to_come_again(redis_server: Redis) -> None:
    one, other = host(redis_server), host(redis_server)
    assert statuses(one, "203.0.113.7", times=2) == [200, 200]
    assert statuses(other, "203.0.113.7", times=2) == [200, 429]
    assert statuses(one, "203.0.113.8") == [200, 200, 200, 429]
    refused = one.test_client().get("/said", environ_base={"REMOTE_ADDR": "203.0.113.8"})
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert "Too many tries in a short time" in refused.text


def test_what_programs_ask_is_not_counted(redis_server: Redis) -> None:
    app = host(redis_server)
    for path in ("/healthz", "/readyz", "/oauth2/token"):
        assert statuses(app, "127.0.0.1", path, times=6) == [200] * 6
    assert statuses(app, "127.0.0.1")[:3] == [200] * 3


def test_without_redis_every_request_goes_through_with_one_warning(
    redis_server: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    app = host(redis_server)
    redis_server.server.stop()
    assert statuses(app, "203.0.113.7", times=8) == [200] * 8
    assert capsys.readouterr().err.count("redis_unavailable") == 1


@pytest.mark.parametrize("wrong", [{"ERN_LIMITS__PAGE_RATE": "many"}, {"REDIS_URL": "nowhere"}])
def test_a_rate_or_an_address_that_nobody_can_read_is_told_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="page_rate and redis_url"):
        build(**{"REDIS_URL": "redis://127.0.0.1:1/0", **wrong})
