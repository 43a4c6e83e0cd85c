"""Who brings files in, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.people.models import Organisation, Person
from tests import factories as make


@pytest.fixture
def owner(session: Any) -> Person:
    return make.person()


@pytest.fixture
def institute(owner: Person) -> Organisation:
    return make.organisation(owner, kind="institute")
