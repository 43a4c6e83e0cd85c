"""Forms of reviews. Those with a field for each proposal or criterion are made for the call at hand; their names end in its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from marketplace.calls.models import Criterion
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.awarding import Choice
from marketplace.calls.reviewing.models import CONFLICTS, PanelDecision, Score
from marketplace.calls.reviewing.words import KIND_WORDS
from marketplace.fields import number_in
from marketplace.terms.figures import shown_amount, typed_minor
from marketplace.terms.payment import from_minor
from marketplace.web import Form

TOO_LONG = _l("This is too long.")
LONG, SHORT = 10_000, 5_000
TIES = {
    "employed": _l("I work or have worked there, or a close relative does"), "family": _l("Family or close friends lead it"),
    "money": _l("I or my house have contracts with it, hold shares, or compete with it"),
    "collaboration": _l("I have worked, published or applied together with its people"), "other": _l("Anything else"),
}


class Expected:
    """Marks a field that is to be filled in although the form can be sent without it: what is missing then is told by the operation."""

    field_flags = {"required": True}

    def __call__(self, form: object, field: object) -> None:
        """Nothing is refused here."""


class OpenForm(Form):
    """How many complete reviews a proposal needs for a rank."""

    least = IntegerField(_l("Complete reviews that a proposal needs for a rank"), [InputRequired(), NumberRange(1, 50)])


class ReopenForm(Form):
    """Why the scoring goes on."""

    reason = TextAreaField(_l("Reason"), [DataRequired(message=_l("Say why the scoring goes on although the scores have been seen.")), Length(max=SHORT)])


class ConflictForm(Form):
    """A conflict that came out later. `note` is asked for after the award alone."""

    kind = SelectField(_l("Kind of conflict"), choices=[(code, KIND_WORDS[code]) for code in CONFLICTS])
    text = TextAreaField(_l("What it rests on"), [DataRequired(message=_l("Say in a sentence what it rests on.")), Length(max=SHORT, message=TOO_LONG)])
    note = TextAreaField(_l("Note that is published beside the award"), [Length(max=LONG, message=TOO_LONG)])


class NoteForm(Form):
    """A correction published beside a locked award."""

    text = TextAreaField(_l("What is corrected"), [DataRequired(message=_l("Say what is corrected.")), Length(max=LONG, message=TOO_LONG)])


class PublishForm(Form):
    """Which decision is published."""

    number = HiddenField(validators=[DataRequired()])


class DeclareForm(Form):
    """The declaration of conflicts; fields for each solver, or for each kind of tie, are added by `declare_form`."""

    complete = BooleanField(_l("I have named everything that could make me partial, and will say so if more comes to mind"))

    def conflicts(self, proposals: Sequence[Proposal]) -> dict[str, tuple[str, str]]:
        """Public id → what was said of the proposal."""
        return {one.public_id: (self[f"kind_{one.public_id}"].data or "", self[f"text_{one.public_id}"].data or "") for one in proposals}

    def ties(self) -> dict[str, list[str]]:
        """Kind → the organisations named, a line each."""
        return {kind: (self[f"ties_{kind}"].data or "").splitlines() for kind in CONFLICTS if f"ties_{kind}" in self}


def declare_form(proposals: Sequence[Proposal], anonymous: bool) -> DeclareForm:
    """The form for these solvers, or for the reviewer's own ties where the call hides them."""
    fields: dict[str, Any] = {}
    for one in proposals:
        choices = [("", _l("Choose")), *((code, KIND_WORDS[code]) for code in KIND_WORDS)]
        fields[f"kind_{one.public_id}"] = SelectField(_l("Conflict"), [Expected()], choices=choices, validate_choice=False)
        fields[f"text_{one.public_id}"] = StringField(_l("In a sentence"), [Length(max=500, message=TOO_LONG)])
    if anonymous:
        fields |= {f"ties_{kind}": TextAreaField(words, [Length(max=LONG, message=TOO_LONG)]) for kind, words in TIES.items()}
    return type("DeclareForm", (DeclareForm,), fields)()


class ScoreForm(Form):
    """Scores with reasons; fields for each criterion are added by `score_form`."""

    base = HiddenField()

    def given(self, criteria: Sequence[Criterion]) -> dict[int, tuple[int, str]]:
        """Criterion id → (value, reason), of those that were filled in at all."""
        found = {}
        for one in criteria:
            value, reason = self[f"value_{one.id}"].data, self[f"reason_{one.id}"].data or ""
            if value is not None or reason.strip():
                found[one.id] = (-1 if value is None else value, reason)
        return found

    @property
    def opened_with(self) -> int | None:
        """How many scores there were when the form was opened."""
        return number_in(self.base.data)


def score_form(criteria: Sequence[Criterion], before: Mapping[int, Score], revisions: int, filled: bool) -> ScoreForm:
    """The form for the criteria; `filled` with what was given before."""
    fields: dict[str, Any] = {}
    for one in criteria:
        fields[f"value_{one.id}"] = IntegerField(_l("Score, 0 to %(most)s", most=one.most), [Optional(), Expected()])
        fields[f"reason_{one.id}"] = TextAreaField(_l("Reason"), [Expected(), Length(max=SHORT, message=TOO_LONG)])
    data: dict[str, Any] = {"base": str(revisions)}
    for key, score in before.items():
        data |= {f"value_{key}": score.value, f"reason_{key}": score.reason}
    made = type("ScoreForm", (ScoreForm,), fields)
    return made(data=data) if filled else made()


class DecisionForm(Form):
    """The panel's decision; fields for each proposal are added by `decision_form`."""

    base = HiddenField()
    reasons = TextAreaField(_l("Reasons of the panel"), [Expected(), Length(max=LONG, message=TOO_LONG)])
    differs = TextAreaField(_l("Why the decision leaves the ranking, if it does"), [Length(max=LONG, message=TOO_LONG)])

    def choices(self, proposals: Sequence[Proposal], currency: str) -> dict[int, Choice]:
        """Proposal id → what was said of it. Raises `Refused` beside an amount that cannot be read."""
        found = {}
        for one in proposals:
            chosen = bool(self[f"chosen_{one.public_id}"].data)
            amount = typed_minor(self[f"amount_{one.public_id}"].data, currency, f"amount_{one.public_id}") if chosen else None
            advice = self[f"advice_{one.public_id}"].data or "" if f"advice_{one.public_id}" in self else ""
            found[one.id] = Choice(chosen, self[f"reason_{one.public_id}"].data or "", advice, amount)
        return found


def decision_form(
    proposals: Sequence[Proposal], last: PanelDecision | None, currency: str, filled: bool, advised: bool = True, number: int | None = None
) -> DecisionForm:
    """The form for the proposals; `filled` with the decision that it would replace. A later award gives no advice, and is written over the decision of
    this `number` although that one is published."""
    fields: dict[str, Any] = {}
    for one in proposals:
        key = one.public_id
        fields[f"chosen_{key}"] = BooleanField(_l("Chosen"))
        fields[f"amount_{key}"] = StringField(_l("Amount for this team"), [Length(max=40, message=TOO_LONG)])
        fields[f"reason_{key}"] = TextAreaField(_l("Why it is chosen; published"), [Length(max=SHORT, message=TOO_LONG)])
        if advised:
            fields[f"advice_{key}"] = TextAreaField(_l("Advice; for this solver alone"), [Length(max=SHORT, message=TOO_LONG)])
    data: dict[str, Any] = {"base": str(number if number is not None else last.number if last else 0)}
    if last is not None:
        data |= {"reasons": last.reasons, "differs": last.differs or ""}
        names = {one.id: one.public_id for one in proposals}
        for verdict in (one for one in last.verdicts if one.proposal_id in names):
            key = names[verdict.proposal_id]
            amount = from_minor(verdict.amount, currency)
            data |= {f"chosen_{key}": verdict.chosen, f"amount_{key}": shown_amount(f"{amount:f}") if amount is not None else "",
                     f"reason_{key}": verdict.reason or "", f"advice_{key}": verdict.advice or ""}
    made = type("DecisionForm", (DecisionForm,), fields)
    return made(data=data) if filled else made()
