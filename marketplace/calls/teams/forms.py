"""Forms of teams. Those with a field for each gate or target are made for the team at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from marketplace.calls.reviewing.forms import Expected
from marketplace.calls.teams.evidence import Brought
from marketplace.calls.teams.models import Gate
from marketplace.calls.teams.operations import Plan
from marketplace.web import VersionedForm

LONG, SHORT = 10_000, 5_000
TOO_LONG = _l("This is too long.")


class ReasonForm(VersionedForm):
    """A decision with its reason."""

    reason = TextAreaField(_l("Reason"), [DataRequired(message=_l("Give the reason.")), Length(max=SHORT, message=TOO_LONG)])


class FilesForm(VersionedForm):
    """A form that takes files along."""

    files = MultipleFileField(_l("Files"))

    def brought(self) -> Brought:
        """The files that were chosen; an empty field brings none."""
        return [(one.stream, one.filename) for one in self.files.data or () if getattr(one, "filename", "")]


class EvidenceForm(FilesForm):
    """What is handed in for a stage."""

    evidence = TextAreaField(_l("What you hand in, and where it can be seen"), [DataRequired(message=_l("Fill this in.")), Length(max=LONG, message=TOO_LONG)])


class TakeForm(VersionedForm):
    """A team's own milestones; fields for each gate are added by `take_form`."""

    def plans(self, gates: Sequence[Gate]) -> list[Plan]:
        """One plan for each gate, in their order."""
        return [Plan(self[f"plan_{gate.position}"].data or "", self[f"due_{gate.position}"].data) for gate in gates]


def take_form(gates: Sequence[Gate], version: int) -> TakeForm:
    """The form for these gates."""
    fields: dict[str, Any] = {}
    for gate in gates:
        fields[f"plan_{gate.position}"] = TextAreaField(_l("What you will hand in"), [Length(max=SHORT, message=TOO_LONG)])
        fields[f"due_{gate.position}"] = DateField(_l("By when"), [Optional()])
    return type("TakeForm", (TakeForm,), fields)(version=str(version))


class JudgeForm(FilesForm):
    """What the user measured himself; fields for each target are added by `judge_form`."""

    verdict = SelectField(_l("Your verdict"), choices=[("", _l("Choose")), ("accepted", _l("accepted: the stage is reached")), ("rejected", _l("rejected"))],
                          validators=[DataRequired(message=_l("Choose one."))])
    finding = TextAreaField(_l("What you found"), [DataRequired(message=_l("Say in a sentence what you found.")), Length(max=SHORT, message=TOO_LONG)])

    def values(self, count: int) -> list[str]:
        """The measured figures, in the order of the targets."""
        return [self[f"value_{place}"].data or "" for place in range(count)]


def judge_form(count: int, version: int) -> JudgeForm:
    """The form for so many targets."""
    fields = {f"value_{place}": StringField(_l("Measured"), [Expected(), Length(max=100, message=TOO_LONG)]) for place in range(count)}
    return type("JudgeForm", (JudgeForm,), fields)(version=str(version))
