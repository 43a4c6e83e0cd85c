"""A real OpenID provider on a free port of this machine: Authlib's authorization server with code flow, PKCE and nonce, in a thread.

It signs in whoever comes as `person`, and can be told to lie: another nonce, another issuer, another key.
"""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

SECRET = "q7Zt0vLr4KxN8sWb2YcEhMdPgUaJfTi5"


class Client(ClientMixin):
    """The site under test, as the provider knows it."""

    client_id = "techbridge"

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith("http://127.0.0.1:5000/")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code:
    """One authorization code and what it was given for."""

    def __init__(self, asked: Any, code: str) -> None:
        data = asked.payload.data
        self.code, self.redirect_uri, self.scope, self.nonce = code, asked.payload.redirect_uri, asked.payload.scope, data.get("nonce")
        self.code_challenge, self.code_challenge_method = data.get("code_challenge"), data.get("code_challenge_method")
        self.auth_time = int(time.time())

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Provider:
    """The provider: `with Provider() as one`; `one.issuer` is its address."""

    def __init__(self) -> None:
        self.person = {"sub": "4711", "email": "li@example.com", "email_verified": True, "name": "李工"}
        self.key, self.codes, self.lie = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}), {}, {}
        self.published = self.key
        self.server = make_server("127.0.0.1", 0, self._application(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.port}"

    def __enter__(self) -> Provider:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()

    def _application(self) -> Flask:
        app, provider = Flask("provider"), self
        app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": 300}
        server = AuthorizationServer(app, query_client=lambda client_id: Client() if client_id == "techbridge" else None, save_token=lambda *_: None)

        class Grant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

            def save_authorization_code(self, code: str, request: Any) -> None:
                provider.codes[code] = Code(request, code)

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
                return provider.person

        class OpenID(OpenIDCode):
            def exists_nonce(self, nonce: str, request: Any) -> bool:
                return False

            def resolve_client_private_key(self, client: Any) -> Any:
                return provider.key

            def get_client_algorithm(self, client: Any) -> str:
                return "RS256"

            def get_client_claims(self, client: Any) -> dict[str, Any]:
                moment = int(time.time())
                return {"iss": provider.lie.get("iss", provider.issuer), "aud": ["techbridge"], "iat": moment, "exp": moment + 300}

            def generate_user_info(self, user: dict[str, Any], scope: str) -> UserInfo:
                return UserInfo(**user, **({"nonce": provider.lie["nonce"]} if "nonce" in provider.lie else {}))

        server.register_grant(Grant, [OpenID(require_nonce=True), CodeChallenge(required=True)])

        @app.get("/.well-known/openid-configuration")
        def configuration() -> Any:
            address = provider.issuer
            return jsonify(issuer=address, authorization_endpoint=f"{address}/authorize", token_endpoint=f"{address}/token", jwks_uri=f"{address}/keys",
                           id_token_signing_alg_values_supported=["RS256"], code_challenge_methods_supported=["S256"])

        @app.get("/keys")
        def keys() -> Any:
            return jsonify(keys=[provider.published.as_dict(private=False)])

        @app.get("/authorize")
        def authorize() -> Any:
            return server.create_authorization_response(grant_user=provider.person, grant=server.get_consent_grant(end_user=provider.person))

        @app.post("/token")
        def token() -> Any:
            assert request.form.get("code_verifier")
            return server.create_token_response()

        return app
