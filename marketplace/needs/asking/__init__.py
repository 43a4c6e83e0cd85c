"""A first need, one question at a time: few pages, each about one thing, then all answers on one page before it is published.

**Nouns.** A *question* asks for a few fields of a draft need that belong together; `QUESTIONS` has them in their order. An answer is saved to the draft as
soon as it is given: nothing else is kept, so whoever comes back goes on at the first question that publishing would ask for.

A walk: a workshop owner has pasted a problem and signed up. "What goes wrong?" stands there filled in; he goes on to what he tried, how it would be
measured, by when, for how much, in which way, in whose name; may pass over any of them; reads all of it once more, changes one answer, and publishes
through the same gate as everybody. At each question he can turn to the one long page (`needs.edit`), which whoever posts his tenth need prefers.
"""
