"""Markers as programs over real HTTP: what each was told is what must be stored."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from viatique.models import CopyId

NOTE = {"page": 1, "x": 0.1, "y": 0.2, "text": "Oui"}


class Unavailable(Exception):
    """The API lives, but not what it needs: the request was done whole or not at all."""


@dataclass
class Writer:
    """One client on one copy; ``told``: events the accepted requests must have left."""

    client: httpx.Client
    copy_id: CopyId
    told: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    token: str = field(default_factory=lambda: str(uuid4()))

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        self.requests += 1
        answer = self.client.request(
            method, f"/copies/{self.copy_id}{path}", json=body, headers={"x-lock-token": self.token}
        )
        if answer.status_code == 503:
            raise Unavailable
        return answer

    def accept(self, event: str, answer: httpx.Response) -> None:
        assert answer.is_success, answer.text
        self.told[event] += 1

    def take(self, *, take_over: bool = False) -> bool:
        """Whether the copy is this client's now."""
        answer = self.call("POST", "/lock", {"take_over": take_over})
        if answer.status_code == 409:
            assert problem(answer) == "already_locked"
            return False
        self.accept("LOCK", answer)
        self.token = answer.json()["token"]
        return True

    def add_one(self) -> None:
        """Adds one to all that is written, as it was read under the lock."""
        stored = self.call("GET", "/marks").json()
        score = next(iter(stored["scores"]), {"remark": "0", "version": 0})
        more = {
            "points": 1,
            "remark": str(int(score["remark"]) + 1),
            "version": score["version"],
        }
        self.accept("SCORE", self.call("PUT", "/scores/1", more))
        text = stored["appreciation"]
        longer = {"text": text["text"] + "+", "version": text["version"]}
        self.accept("SCORE", self.call("PUT", "/appreciation", longer))
        self.accept("CREATE_ANN", self.call("POST", "/annotations", NOTE))

    def leave(self) -> None:
        self.accept("UNLOCK", self.call("DELETE", "/lock"))

    def write_too_late(self) -> None:
        """Writes with a token that is no more: nothing of it may be stored."""
        late = {"points": 0, "remark": "-1000", "version": 1}
        for answer in (
            self.call("PUT", "/scores/1", late),
            self.call("PUT", "/appreciation", {"text": "lost", "version": 0}),
            self.call("POST", "/annotations", NOTE),
            self.call("POST", "/lock/heartbeat"),
        ):
            assert problem(answer) in {"missing", "owner_mismatch", "token_mismatch"}

    def race(self, requests: int) -> None:
        """Takes the copy when it is free, adds one, leaves; writes too late when it is not."""
        while self.requests < requests:
            if self.take():
                self.add_one()
                self.leave()
            else:
                self.write_too_late()


def problem(answer: httpx.Response) -> str:
    """The code of a refusal."""
    code: str = answer.json()["type"]
    return code.removeprefix("urn:viatique:problem:")
