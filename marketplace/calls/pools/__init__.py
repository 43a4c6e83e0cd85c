"""Pools (众筹科研): enterprises that share a need promise money toward one piece of research.

**Nouns.** A *pool* (众筹) has a common text, a *threshold* (众筹目标) and a deadline. A *pledge* (认筹) is one organisation's promise of an amount and
of its share of the rights, given to one revision of the text. The site holds no money: a *release* (解除承诺) ends the promise, nothing is paid back.
A *motion* (表决事项) is put to the pledgers, each of whom has one *ballot* (表决票) weighted by its pledge. A *pool proposal* (众筹提议) names open needs
that the engine finds alike. A *confirmation* (确认) is an owner's yes to the draft of the call that a pool became; a motion on a *decision* (评审决定)
is the owners' vote on what the panel's lead is to publish.

**States** of a pool: draft → open → reached → converted, or missed at the deadline, or withdrawn. A pledge is asked (a latecomer's, until the others have
voted) or pledged, then replaced, withdrawn, refused or released. `docs/pools.md` says what happens to a pledge that is withdrawn after the threshold.

**Roles.** Members of the lead organisation write the pool; owners and signatories of any verified organisation pledge, vote and confirm.

**Walk.** Three needs are alike → the firms are told → one writes a pool → pledges → reached → the call's draft → each owner confirms it → it is published
→ the proposals are reviewed → the lead writes the decision → the owners vote on it → the award.
"""
