"""The broker's fee (居间费): what it is, who bears it, when it is due; shown to all parties before the introduction.

**Nouns.** A *fee* is a revision that the broker puts on the table: a percentage of what the holder receives or of the agreement's fixed fees, a
fixed amount, or explicitly none. It is *in force* once both sides have said yes to the introduction, or to it; a changed fee takes their yes back. A *due*
(应付居间费) is what the schedule says a side owes; a *receipt* is the broker's word that money has come.

**The schedule is computed** (`schedule`, pure) from the fee in force, the days of introduction and signing, and the payments that count under the
agreement; the same facts give the same dues in any order. `docs/fees.md` says by examples what follows from what.

**Roles.** The deal's broker sets the fee and marks what was paid; everybody in the deal reads it, nobody else does.
"""
