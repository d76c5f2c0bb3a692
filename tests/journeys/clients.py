"""Three ways into one Odoo, behind one small interface.

``json2``    JSON-2 (``POST /json/2/<model>/<method>``) with a bearer API key, over ``requests``;
``xmlrpc``   XML-RPC (``/xmlrpc/2``), over Python's own ``xmlrpc.client``;
``odoorpc``  OdooRPC, a client that the project did not write. OdooRPC 0.10 speaks Odoo's JSON-RPC
             only (its sole protocols are ``jsonrpc`` and ``jsonrpc+ssl``), hence the line above.

A client belongs to one user. ``call(model, method, ids=None, **kwargs)`` passes ``ids`` for methods
of records and leaves it out for methods of the model; everything else is named, as JSON-2 wants it.
"""

import http.client
import importlib.util
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client

APIS = ("json2", "xmlrpc", "odoorpc")


class ServerError(Exception):
    """The server refused a call; ``kind`` is Odoo's exception name, ``message`` what it says."""

    def __init__(self, kind, message, status=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status


class Client:
    """One user's connection. Sub-classes implement ``_call``."""

    api = None

    def __init__(self, url, database, login, password, headers=None):
        self.url = url.rstrip("/")
        self.database = database
        self.login = login
        self.password = password
        self.headers = dict(headers or {})
        self.calls = 0
        self.seconds = 0.0

    def call(self, model, method, ids=None, **kwargs):
        """Call a public method; ``ids`` (a list) for methods of records, ``None`` for the model's.

        :raise ServerError: when the server answers with an error.
        """
        self.calls += 1
        started = time.perf_counter()
        try:
            return self._call(model, method, ids, kwargs)
        finally:
            self.seconds += time.perf_counter() - started

    def search_read(self, model, domain, fields, **kwargs):
        return self.call(model, "search_read", domain=domain, fields=fields, **kwargs)

    def create(self, model, vals_list):
        """Create records and return their ids."""
        return self.call(model, "create", vals_list=vals_list) if vals_list else []

    def _call(self, model, method, ids, kwargs):
        raise NotImplementedError


def positional(method, ids, kwargs):
    """Arguments as ``execute_kw`` wants them: ids first, and ``create`` takes its list in place."""
    kwargs = dict(kwargs)
    if ids is not None:
        return [list(ids)], kwargs
    if method == "create":
        return [kwargs.pop("vals_list")], kwargs
    return [], kwargs


class XmlRpcClient(Client):
    api = "xmlrpc"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        headers = list(self.headers.items())
        common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common", headers=headers)
        self.object = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", headers=headers)
        try:
            self.uid = common.authenticate(self.database, self.login, self.password, {})
        except xmlrpc.client.Fault as fault:
            raise ServerError("Fault", last_line(fault.faultString)) from fault
        if not self.uid:
            raise ServerError("AccessDenied", f"wrong login or password for {self.login}")

    def _call(self, model, method, ids, kwargs):
        args, kwargs = positional(method, ids, kwargs)
        try:
            return self.object.execute_kw(
                self.database, self.uid, self.password, model, method, args, kwargs
            )
        except xmlrpc.client.Fault as fault:
            raise ServerError(f"Fault {fault.faultCode}", last_line(fault.faultString)) from fault


class OdooRpcClient(Client):
    api = "odoorpc"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        try:
            import odoorpc
        except ModuleNotFoundError as error:
            raise ServerError("Missing", "OdooRPC is not here: pip install OdooRPC") from error
        self.library = odoorpc
        parts = urllib.parse.urlsplit(self.url)
        opener = urllib.request.build_opener()
        opener.addheaders += list(self.headers.items())
        secure = parts.scheme == "https"
        self.odoo = odoorpc.ODOO(
            parts.hostname,
            protocol="jsonrpc+ssl" if secure else "jsonrpc",
            port=parts.port or (443 if secure else 80),
            timeout=600,
            version="19.0",
            opener=opener,
        )
        try:
            self.odoo.login(self.database, self.login, self.password)
        except odoorpc.error.RPCError as error:
            raise ServerError("AccessDenied", last_line(str(error))) from error
        self.uid = self.odoo.env.uid

    def _call(self, model, method, ids, kwargs):
        args, kwargs = positional(method, ids, kwargs)
        try:
            return self.odoo.execute_kw(model, method, args, kwargs)
        except self.library.error.RPCError as error:
            info = error.info or {}
            kind = str((info.get("data") or info).get("name", "RPCError")).rpartition(".")[2]
            raise ServerError(kind, last_line(str(error))) from error


class Json2Client(Client):
    api = "json2"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        import requests

        self.session = requests.Session()
        self.session.headers.update(self.headers)
        self.session.headers["X-Odoo-Database"] = self.database
        key, self.uid = obtain_api_key(
            self.url, self.database, self.login, self.password, self.headers
        )
        self.session.headers["Authorization"] = f"bearer {key}"

    def _call(self, model, method, ids, kwargs):
        payload = dict(kwargs) if ids is None else {"ids": list(ids), **kwargs}
        response = self.session.post(
            f"{self.url}/json/2/{model}/{method}", json=payload, timeout=600
        )
        if response.ok:
            return response.json()
        try:
            error = response.json()
        except ValueError:
            error = {}
        raise ServerError(
            str(error.get("name", "HTTPError")).rpartition(".")[2],
            last_line(str(error.get("message") or response.text[:300])),
            response.status_code,
        )


CLIENTS = {client.api: client for client in (XmlRpcClient, OdooRpcClient, Json2Client)}


def is_installed(api):
    """Whether the library is here that this way needs."""
    library = {"odoorpc": "odoorpc", "json2": "requests"}.get(api)
    return not library or importlib.util.find_spec(library) is not None


def connect(api, url, database, login, password, headers=None):
    """A client of the wanted kind, logged in."""
    return CLIENTS[api](url, database, login, password, headers)


def obtain_api_key(url, database, login, password, headers=None, name="journey", days=1):
    """Make an API key as a person does it on the preferences page, identity check included.

    Keys of the same name that earlier runs left to this user are deleted.

    :return: the key (valid for ``days`` days) and the user's id.
    :raise ServerError: wrong password, or the user may not make keys (portal users).
    """
    web = WebSession(url, headers)
    info = web.post(
        "/web/session/authenticate", {"db": database, "login": login, "password": password}
    )
    if not info.get("uid"):
        raise ServerError("AccessDenied", f"wrong login or password for {login}")
    model = "res.users.apikeys.description"
    older = web.call_kw("res.users.apikeys", "search", [[("name", "=", name)]])
    (description,) = web.call_kw(model, "create", [[{"name": name, "duration": str(days)}]])
    action = web.call_kw(model, "make_key", [[description]])
    if action.get("res_model") == "res.users.identitycheck":
        check = [action["res_id"]]
        action = web.call_kw(
            action["res_model"], "run_check", [check], context={"password": password}
        )
    if older:
        web.call_kw("res.users.apikeys", "remove", [older])
    web.post("/web/session/destroy", {})
    return action["context"]["default_key"], info["uid"]


class WebSession:
    """The web client's own calls, with its session cookie; only what making a key needs."""

    def __init__(self, url, headers=None):
        self.url = url
        self.headers = {**(headers or {}), "Content-Type": "application/json"}
        self.cookie = self.headers.pop("Cookie", "")
        self.session_id = ""

    def post(self, path, params):
        cookies = [part for part in (self.cookie, self.session_id) if part]
        request = urllib.request.Request(
            self.url + path,
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            {**self.headers, "Cookie": "; ".join(cookies)},
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            for header in response.headers.get_all("Set-Cookie") or ():
                if header.startswith("session_id="):
                    self.session_id = header.partition(";")[0]
            answer = json.load(response)
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise ServerError(
                str(data.get("name", "Error")).rpartition(".")[2],
                last_line(str(data.get("message") or answer["error"].get("message"))),
            )
        return answer.get("result") or {}

    def call_kw(self, model, method, args, context=None):
        params = {"model": model, "method": method, "args": args}
        params["kwargs"] = {"context": context} if context else {}
        return self.post(f"/web/dataset/call_kw/{model}/{method}", params)


def last_line(text):
    """What a person needs from an answer that may be a traceback."""
    if "Traceback (most recent call last)" in text:
        lines = [line for line in text.strip().splitlines() if line.strip()]
        return lines[-1].strip()
    return " ".join(text.split())


def wait_until_up(url, seconds=60):
    """Wait for a server that is starting; False when it did not answer in time."""
    deadline = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def answers(url):
    try:
        with urllib.request.urlopen(f"{url}/web/health", timeout=5):
            return True
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False
