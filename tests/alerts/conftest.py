"""What the tests of alerts share: a real mail server in a thread, and mail bound to it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from marketplace.alerts import operations, views


class Box:
    """A mailbox that keeps what it is sent; `answers` holds what to say to the next mails instead of taking them."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take a mail, unless told otherwise."""
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@pytest.fixture
def bind(app: Flask) -> Iterator[Callable[..., None]]:
    """Change settings of the mail for this test: `bind(smtp=…, production=True)`."""

    def change(**values: Any) -> None:
        post = operations._post[0]
        operations._post[:] = [replace(post, settings=replace(post.settings, **values))]

    yield change
    views.prepare(app)


@pytest.fixture
def box(bind: Callable[..., None]) -> Iterator[Box]:
    """The mailbox behind a running SMTP server to which mail is bound."""
    kept = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    bind(smtp=f"smtp://127.0.0.1:{port}", sender="TechBridge <mail@example.com>", site="https://techbridge.example.com")
    try:
        yield kept
    finally:
        server.stop()
