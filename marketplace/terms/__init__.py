"""Payment terms: agreed once as data, then read by people, by checks and by the schedule alike.

**Nouns.** *Terms* are the payment terms of an offer (a template, without the day of effect) or of an agreement: entry
fee, *trial* and *conversion*, *deferred* fees, *instalments*, *milestones*, *conditional* fees, *royalty* with its
*tiers*, *buy-out*, *cap*, *late interest*. A *form* of payment (upfront, deferred, …, pay after use) is derived from
them. A *finding* is what a check has to say about an offer: it refuses, warns or informs, and names its source.

An *event* is what was recorded of an agreement (converted, a statement, a payment); the *schedule* of a day is every *obligation* that terms and
events come to: amount, trigger, due date, state, what was paid, interest, and why.

**States.** Terms have none: they are values. What becomes of a trial or a fee is computed from terms and events (`course` → `fees`, `royalty` →
`account` → `schedule`; docs/terms.md).

**Roles.** Everybody may write terms and read their words; who may attach them to an offer is the catalogue's to say.

**One walk.** A transfer office chooses the preset "trial, then pay", changes 6 months to 9, and sees its sentence
change in both languages while it types (`forms`, `views`); `payment.parse` reads the form's values or names the field
that is wrong; `checks` finds that one payment would fall due within a year; the offer keeps `payment.to_dict`, and a
result card shows `words.glance`: "先用后付　免费试用 9 个月；…".
"""
