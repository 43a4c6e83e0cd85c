"""Licensing (许可): from the offer to the last instalment.

**Nouns.** An *agreement* (许可协议) between a *licensor* (许可方) and a *licensee* (被许可方) about a technology; its *versions*, each
the payment terms (terms.md) and the other *clauses*; a *signature* (签署) of a signatory for one side; an *agreement event* (事项),
something that happened under it and counts for its schedule; an *obligation* (应付款项), what the schedule says is owed; its
*standing* (履约状态), the schedule's answer as of a day. Obligations and standings are copies of what `schedule()` says, kept for
lists and sums: `ledger.refresh` writes them and nothing else does, and `ledger.faults` compares them.

**States.** draft → proposed → countersigned, or withdrawn. From then on the state is the schedule's (on_trial,
awaiting_decision, active, declined, lapsed, bought_out, terminated, ended); beside it only `disputed` is kept.

**Roles.** Both sides read and propose; a signatory signs (an owner where the organisation has named none); who may enter which
event stands in `access.ACTIONS`. Nobody else reads an agreement, the operator included.

**One walk.** A firm proposes an agreement from an offer, the institute changes a clause, both sign; the trial begins. The firm
converts, states its sales, is invoiced, pays; the institute divides what came in among inventors, school and office.
"""
