"""Teams (揭榜团队): the awarded solvers at work, several in parallel (赛马), each under an agreement of its own.

**Nouns.** A *team* comes of an award; it *takes* the award, and the agreement between its organisation (licensor) and the one that put the call out
(licensee) is drafted from the call's terms and put before the other side at once. A *gate* (阶段评估) is one stage of the call: what the team
hands in for it, what the user *measured* himself (谁使用谁评价), and the decision to go on or to stop.

**States.** Team: named → working → finished, or stopped, or declined;
one that is gone before both have signed frees its place (`places`). Gate: open → submitted → accepted → passed; rejected leads back to submitted or,
by decision, on; stopped ends it.

**Money** comes of the agreement's schedule alone: a stage is a conditional fee, accepting it is the event `accepted`, stopping is `terminated`, after which
later stages are not owed. What is entered on the agreement's own page moves the gate too.
"""
