"""The technologies and agreements of an institute, to choose from in forms."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation

MOST = 500


def agreements_of(organisation: Organisation) -> list[Agreement]:
    """The agreements under which the institute is paid, newest first."""
    own = select(Agreement).where(Agreement.licensor_id == organisation.id, Agreement.state == "countersigned")
    return list(session.scalars(own.order_by(Agreement.id.desc()).limit(MOST)))


def technologies_of(organisation: Organisation) -> list[Technology]:
    """The institute's technologies, those under an agreement first, then the newest."""
    licensed = [one.technology for one in agreements_of(organisation)]
    own = select(Technology).where(Technology.organisation_id == organisation.id).order_by(Technology.id.desc()).limit(MOST)
    return list({one.id: one for one in [*licensed, *session.scalars(own)] if one.organisation_id == organisation.id}.values())
