"""The people of the demonstration: desk, nurse and elder, each on the centre's own HTTP interface."""

from typing import Any

import httpx

TIMEOUT_S = 10.0
Json = dict[str, Any]


class Staff:
    """Somebody with a login. Every call raises httpx.HTTPStatusError when the centre refuses."""

    def __init__(self, web: str, login: str, password: str) -> None:
        self.login = login
        self._http = httpx.Client(base_url=web, timeout=TIMEOUT_S, headers={"Origin": web}, trust_env=False)
        self._post("/api/v1/session", {"login": login, "password": password})

    def close(self) -> None:
        self._http.close()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._http.cookies

    def figures(self) -> Json:
        return self._get("/api/v1/figures")

    def board(self) -> Json:
        return self._get("/api/v1/board")

    def take(self, alarm: str) -> None:
        self._post(f"/api/v1/alarms/{alarm}/take", {})

    def on_the_way(self, alarm: str, minutes: int) -> None:
        self._post(f"/api/v1/alarms/{alarm}/on-the-way", {"minutes": minutes})

    def close_alarm(self, alarm: str, reason: str) -> None:
        self._post(f"/api/v1/alarms/{alarm}/close", {"reason": reason, "note": ""})

    def visits(self) -> list[Json]:
        visits = self._get("/api/v1/visits")["visits"]
        return list(visits)

    def visit(self, visit_id: int) -> Json:
        return self._get(f"/api/v1/visits/{visit_id}")

    def step(self, visit_id: int, to: str) -> None:
        self._post(f"/api/v1/visits/{visit_id}/steps", {"to": to})

    def report(self, visit_id: int, **report: Any) -> None:
        self._post(f"/api/v1/visits/{visit_id}/report", report)

    def _get(self, path: str) -> Json:
        answer = self._http.get(path)
        answer.raise_for_status()
        return dict(answer.json())

    def _post(self, path: str, body: Json) -> None:
        self._http.post(path, json=body).raise_for_status()


class ElderAtTablet:
    """The elder on their own link; no password."""

    def __init__(self, web: str, token: str) -> None:
        self._http = httpx.Client(base_url=web, timeout=TIMEOUT_S, headers={"Origin": web}, trust_env=False)
        self._token = token

    def close(self) -> None:
        self._http.close()

    def assess(self, visit_id: int, face: int) -> None:
        self._http.post(f"/e/{self._token}/visits/{visit_id}/assessment", json={"face": face}).raise_for_status()
