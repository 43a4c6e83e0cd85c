"""The list of technologies asked for again and again without a pause, for `load.py`: the real page and the bare one get the same."""

from __future__ import annotations

import os

from locust import FastHttpUser, constant, task

PAGE = os.environ.get("LOAD_PAGE", "/zh/technologies")


class Asking(FastHttpUser):
    """Somebody who only asks for this page."""

    wait_time = constant(0)

    @task
    def ask(self) -> None:
        """Once."""
        self.client.get(PAGE, name=PAGE)
