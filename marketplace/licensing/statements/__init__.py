"""Sales statements (销售报表): what was sold in a period, what is owed for it, and what becomes of doubts.

**Nouns.** A *statement* says for one period of an agreement what the schedule needs: gross sales with named deductions, a profit,
or units. A *remark* is a question of the licensor's or an answer to it. A *reminder* is one mail about a statement not sent. Audits, which
look at the books behind statements, have a room of their own.

**States.** A statement: draft → sent → accepted | queried; a queried one is answered by a reply (sent again) or by a new
statement of the same period, which *replaces* it. A sent one is never edited. It enters the schedule as the event `statement`, on
the day of sending in the agreement's zone.

**Roles.** The licensee drafts, sends, attaches and replies; the licensor accepts, queries, audits, and estimates an overdue
period where the clauses allow it. A draft is the licensee's own business, everything else that of both sides and of nobody else.

**One walk.** The quarter ends; the licensee uploads its table of sales, sees what will be owed and why, sends. The licensor asks
about a deduction, is answered, accepts. A year later an audit finds more; the corrected statement is drafted from the findings,
and the licensee sends it.
"""
