"""What each question asks, in the order in which they come."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

ASKED = {
    "problem": _l("What goes wrong?"), "tried": _l("What have you tried, and what came of it?"), "targets": _l("How would you tell that it is solved?"),
    "deadline": _l("By when should it be solved?"), "budget": _l("What may it cost?"), "modes": _l("How would you work with somebody who can solve it?"),
    "reader": _l("Who posts it, and who may read it?"),
}
