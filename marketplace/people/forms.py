"""Forms of people and organisations. Rules that hold outside the browser too stand in the operations and are shown here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.db import LANGUAGES
from marketplace.people import passwords, regions
from marketplace.people.models import KINDS, ROLES, SIZES, Organisation
from marketplace.people.words import KIND_WORDS, LANGUAGE_WORDS, ROLE_WORDS, SIZE_WORDS
from marketplace.web import Form, VersionedForm, language, tongues

NAME = 80
ADDRESS = 254
ORGANISATION_NAME = 120
FURTHER_NAMES = 1200
ABOUT = 4000
WORDS = 2000


def _options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    return [SelectChoice(code, word) for code, word in pairs]


def needed() -> DataRequired:
    """The rule that a field must be filled."""
    return DataRequired(_l("Please fill this in."))


class SignUpForm(Form):
    """A new account."""

    name = StringField(_l("Your name"), [needed(), Length(max=NAME)])
    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])
    password = PasswordField(_l("Password"), [needed(), Length(max=passwords.LONGEST)])


class SignInForm(Form):
    """Address and password."""

    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])
    password = PasswordField(_l("Password"), [needed(), Length(max=passwords.LONGEST)])
    stays = BooleanField(_l("Stay signed in on this device for up to 90 days"))


class AskResetForm(Form):
    """Where the link for a new password should go."""

    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])


class ResetForm(Form):
    """The new password."""

    password = PasswordField(_l("New password"), [needed(), Length(max=passwords.LONGEST)])


class PasswordForm(Form):
    """The present password and the new one."""

    present = PasswordField(_l("Present password"), [needed(), Length(max=passwords.LONGEST)])
    password = PasswordField(_l("New password"), [needed(), Length(max=passwords.LONGEST)])


class AddressForm(Form):
    """The new address, and the password that shows it is the owner who asks."""

    address = EmailField(_l("New mail address"), [needed(), Length(max=ADDRESS)])
    password = PasswordField(_l("Password"), [needed(), Length(max=passwords.LONGEST)])


def _spoken_here() -> list[SelectChoice]:
    return [SelectChoice(code, tongue.name, render_kw={"lang": tongue.tag}) for code, tongue in tongues().items()]


class SettingsForm(VersionedForm):
    """What others see of a person, the language of pages and mail, and on a site with a third one that of texts."""

    name = StringField(_l("Your name"), [needed(), Length(max=NAME)])
    language = SelectField(_l("Language of pages and mail"), choices=_spoken_here)
    texts = SelectField(_l("Language of texts, where pages are in neither"), choices=_options(LANGUAGE_WORDS.items()), default=LANGUAGES[0])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.language.choices) == len(LANGUAGES):
            del self.texts


class LanguageForm(Form):
    """One of the site's languages, chosen by a button."""

    language = SelectField(_l("Language of pages and mail"), choices=_spoken_here)


class OrganisationForm(VersionedForm):
    """All that an organisation says of itself. `seen` holds the similar organisations that were shown and are not meant."""

    kind = SelectField(_l("Kind"), choices=_options((code, KIND_WORDS[code]) for code in KINDS))
    name_zh = StringField(_l("Name in Chinese"), [Length(max=ORGANISATION_NAME)])
    name_en = StringField(_l("Name in English"), [Length(max=ORGANISATION_NAME)])
    names = TextAreaField(_l("Other names it is known by, one a line"), [Length(max=FURTHER_NAMES)])
    region = SelectField(_l("Region"))
    credit_code = StringField(_l("Unified social credit code"), [Length(max=40)])
    ror = StringField(_l("ROR identifier"), [Length(max=60)])
    size = SelectField(_l("Size"), choices=_options([("", _l("not stated")), *((code, SIZE_WORDS[code]) for code in SIZES)]))
    website = StringField(_l("Website"), [Length(max=190)])
    about_zh = TextAreaField(_l("What it does, in Chinese"), [Length(max=ABOUT)])
    about_en = TextAreaField(_l("What it does, in English"), [Length(max=ABOUT)])
    seen = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region.choices = _options([("", _("Please choose")), *regions.choices(language())])

    @classmethod
    def of(cls, organisation: Organisation) -> OrganisationForm:
        """The form as the organisation stands."""
        texts = {f"{field}_{code}": text for field in ("name", "about") for code, text in getattr(organisation, field).items()}
        same = {field: getattr(organisation, field) or "" for field in ("kind", "region", "credit_code", "ror", "size", "website")}
        return cls(data={**texts, **same, "names": "\n".join(organisation.names), "version": str(organisation.version_id)})

    def values(self) -> dict[str, Any]:
        """What the operations take."""
        return {
            **{field: self[field].data for field in ("kind", "region", "credit_code", "ror", "size", "website")},
            "name": {"zh": self.name_zh.data, "en": self.name_en.data},
            "about": {"zh": self.about_zh.data, "en": self.about_en.data},
            "names": (self.names.data or "").splitlines(),
        }

    def all_names(self) -> list[str]:
        """Every name typed, for the search of similar organisations."""
        typed = (self.name_zh.data, self.name_en.data, *(self.names.data or "").splitlines())
        return [text.strip() for text in typed if text and text.strip()]


class JoinForm(Form):
    """A word to the owners."""

    message = TextAreaField(_l("A word to the owners"), [Length(max=WORDS)])


class InviteForm(Form):
    """Whom to invite, and into which role."""

    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])
    role = SelectField(_l("Role"), choices=_options((code, ROLE_WORDS[code]) for code in ROLES), default="member")


class RoleForm(Form):
    """The role of a member."""

    role = SelectField(_l("Role"), choices=_options((code, ROLE_WORDS[code]) for code in ROLES))


class VerificationForm(Form):
    """How the operator can check the organisation."""

    evidence = TextAreaField(_l("How can we check it?"), [needed(), Length(max=WORDS)])


class ReviewForm(VersionedForm):
    """The operator's answer: a button says which, a reason is needed unless it is yes."""

    reason = TextAreaField(_l("Reason, for the owners"), [Length(max=WORDS)])


class BrokerForm(Form):
    """Who becomes a technology manager."""

    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])
