"""Sends requests to a program, one after the other, and judges what comes back."""

import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from werkzeug.test import TestResponse

from tests.security.test_every_route import judged
from tests.walks.mutations import MARK
from tests.walks.requests import Call
from tests.walks.sites import Site

EXECUTED = re.compile(
    rf"<svg/onload=alert\({MARK}\)|<script>{MARK}|(?:href|src|action)=[\"']?javascript:", re.IGNORECASE
)
FORGED = re.compile("<h1>[^<]*(?:form|page was open)")
REFUSED = (400, 403)


class Wrong(AssertionError):
    """A program answered as nobody may be answered."""


@dataclass
class Sender:
    """Sends to one program; `late` holds what was wrong only after the requests before it."""

    site: Site
    counted: Counter[str] = field(default_factory=Counter)
    late: list[str] = field(default_factory=list)
    story: list[Call] = field(default_factory=list)
    found: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Sender":
        self._put_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def sends(self, call: Call) -> None:
        """Send a request, and raise Wrong if the answer is one that nobody may get, whatever was sent before it.

        Once there is such a request, each one is sent to a program that is as at the beginning: so it can be shrunk.
        """
        # By then a browser may have been signed out, or have got another token, by chance.
        if self.found or len(self.story) >= len(self.site.rules) // 2:
            self._put_back()
        self.story.append(call)
        answer, wrong = self._sent(call)
        if not wrong:
            return
        if not self.found:
            self._put_back()
            self.found = bool(self._sent(call)[1])
        said = f"{wrong} from {self.site.name}: {answer.status}\n{answer.headers}"
        if self.found:
            raise Wrong(said)
        self.late.append(said[:3000] + f"\nafter\n{self.story[-5:]}")

    def judge(self, answer: TestResponse) -> list[str]:
        """List what is wrong with an answer."""
        wrong = [answer.status] if answer.status_code >= 500 and not self.site.may_fail(answer) else []
        target = answer.headers.get("Location")
        if target is not None and not self.site.ours(target):
            wrong.append(f"leads to {target}")
        if answer.mimetype == "text/html" and EXECUTED.search(answer.text):
            wrong.append("what was sent is run")
        if "X-Injected" in answer.headers:
            wrong.append("a header was sent back")
        return wrong + judged(answer)

    def _put_back(self) -> None:
        self.stack.close()
        self.stack.enter_context(self.site.put_back())
        self.story = []

    def _sent(self, call: Call) -> tuple[TestResponse, list[str]]:
        answer = self.site.browsers[call.visitor][0].open(
            call.path,
            base_url=self.site.base,
            query_string=call.query,
            method=call.method,
            headers=call.headers,
            data=call.body,
            content_type=call.content_type if call.body else None,
            environ_overrides={"REMOTE_ADDR": self.site.source(len(self.story))},
        )
        self.counted["requests"] += 1
        self.counted[f"answers {answer.status_code}"] += 1
        self.counted[f"{self.site.name} {call.endpoint}"] += 1
        token = self.site.browsers[call.visitor][1]
        if call.method == "POST" and token and token.encode() in call.body:
            forged = answer.status_code in REFUSED and FORGED.search(answer.text)
            self.counted["forms refused as forged" if forged else "forms and calls taken"] += 1
        return answer, self.judge(answer)
