"""Nothing of the dashboard is served without a session: requests, pictures, websockets."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.gate import Gate, Proxy
from viatique.access import Role
from viatique.db.pool import Database
from viatique.steps.sign_in import SESSION_COOKIE, create_account

PICTURE = "a student's page"
ADDRESS = "http://testserver"


async def media(_request: object) -> PlainTextResponse:
    return PlainTextResponse(PICTURE)


async def stream(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(PICTURE)
    await websocket.close()


async def header_names(request: Request) -> PlainTextResponse:
    return PlainTextResponse(" ".join(request.headers.keys()))


@pytest.fixture
def password(database: Database) -> str:
    return create_account(database, "dupont", Role.COORDINATOR)


@pytest.fixture
def client(database: Database) -> TestClient:
    app = Starlette(
        routes=[
            Route("/media/1.png", media),
            Route("/headers", header_names),
            WebSocketRoute("/_stcore/stream", stream),
        ],
        middleware=[Middleware(Gate, database=database, policy="default-src 'self'")],
    )
    return TestClient(app, follow_redirects=False)


def signed_in(client: TestClient, password: str) -> TestClient:
    form = {"login": "dupont", "password": password}
    answer = client.post("/sign-in", data=form, headers={"origin": ADDRESS})
    assert answer.status_code == 303
    return client


def test_a_request_without_a_session_gets_nothing(client: TestClient) -> None:
    assert client.get("/media/1.png").status_code == 401
    page = client.get("/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")


def test_a_made_up_cookie_gets_nothing(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "x" * 43)
    answer = client.get("/media/1.png")
    assert answer.status_code == 401
    assert PICTURE not in answer.text


def test_a_session_gets_in_until_it_is_signed_out(client: TestClient, password: str) -> None:
    signed_in(client, password)
    token = client.cookies[SESSION_COOKIE]
    assert client.get("/media/1.png").text == PICTURE
    client.get("/sign-out")
    client.cookies.set(SESSION_COOKIE, token)
    assert client.get("/media/1.png").status_code == 401


def test_a_websocket_needs_a_session_and_our_own_origin(client: TestClient, password: str) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass
    signed_in(client, password)
    with client.websocket_connect("/_stcore/stream") as websocket:
        assert websocket.receive_text() == PICTURE
    elsewhere = {"origin": "https://elsewhere.example"}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_stcore/stream", headers=elsewhere),
    ):
        pass


def test_a_form_of_another_site_cannot_sign_in(client: TestClient, password: str) -> None:
    form = {"login": "dupont", "password": password}
    answer = client.post("/sign-in", data=form, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert SESSION_COOKIE not in client.cookies


def test_a_wrong_password_is_told_and_what_was_typed_is_escaped(client: TestClient) -> None:
    form = {"login": '"><script>alert(1)</script>', "password": "x"}
    answer = client.post("/sign-in", data=form, headers={"origin": ADDRESS})
    assert answer.status_code == 401
    assert "Wrong login or password" in answer.text
    assert "<script>" not in answer.text


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: TestClient, password: str) -> None:
    form = {"login": "dupont", "password": password}
    answer = client.post("/sign-in", data=form, headers={"origin": ADDRESS})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for path in ("/sign-in", "/media/1.png"):
        answer = client.get(path)
        assert answer.headers["content-security-policy"] == "default-src 'self'"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def behind_proxy(database: Database, password: str) -> Starlette:
    proxy = Proxy(header="X-Remote-User", address="10.0.0.1")
    gate = Middleware(Gate, database=database, policy="default-src 'self'", proxy=proxy)
    routes = [Route("/media/1.png", media), WebSocketRoute("/_stcore/stream", stream)]
    return Starlette(routes=routes, middleware=[gate])


def asked(app: Starlette, address: str) -> TestClient:
    return TestClient(app, follow_redirects=False, client=(address, 5000))


def test_whom_the_proxy_names_gets_a_session_of_their_own(behind_proxy: Starlette) -> None:
    client = asked(behind_proxy, "10.0.0.1")
    assert client.get("/media/1.png").status_code == 401
    dupont = {"x-remote-user": "Dupont"}
    assert client.get("/media/1.png", headers=dupont).status_code == 303
    assert client.get("/media/1.png", headers=dupont).text == PICTURE
    assert client.get("/media/1.png").status_code == 401
    assert client.get("/media/1.png", headers={"x-remote-user": "nobody"}).status_code == 403


def test_a_forged_header_gets_nothing(behind_proxy: Starlette, client: TestClient) -> None:
    forged = {"x-remote-user": "dupont"}
    elsewhere = asked(behind_proxy, "10.0.0.2")
    assert elsewhere.get("/media/1.png", headers=forged).status_code == 401
    with (
        pytest.raises(WebSocketDisconnect),
        elsewhere.websocket_connect("/_stcore/stream", headers=forged),
    ):
        pass
    assert client.get("/media/1.png", headers=forged).status_code == 401


def test_behind_a_proxy_passwords_count_no_more(behind_proxy: Starlette, password: str) -> None:
    form = {"login": "dupont", "password": password}
    answer = asked(behind_proxy, "10.0.0.2").post("/sign-in", data=form)
    assert answer.status_code == 401
    assert SESSION_COOKIE not in answer.cookies


def test_headers_that_name_people_stop_at_the_gate(client: TestClient, password: str) -> None:
    signed_in(client, password)
    forged = {"X-Remote-User": "a", "X-Streamlit-User": "a", "X-Forwarded-User": "a", "X-Kept": "a"}
    seen = client.get("/headers", headers=forged).text.split()
    assert "x-kept" in seen
    assert not {"x-remote-user", "x-streamlit-user", "x-forwarded-user"} & set(seen)
