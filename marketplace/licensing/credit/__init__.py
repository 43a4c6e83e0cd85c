"""Credit record (履约信用记录): how an organisation has kept its promises, as counts of facts.

**Nouns.** A *credit entry* is one promise and what became of it: a statement or a payment of a licensee's, an answer of a
licensor's, an audit, a dispute. It is computed from statements, obligations and allotments and kept so that a record is a sum by index;
`entries.refresh_credit` writes it and nothing else does, `entries.faults` compares. A *credit comment* (说明) is what the
organisation itself, or the other side of that agreement, says beside an entry; a new wording is a new version.

**States.** None. An entry's outcome is on_time, late, overdue, estimated or noted; one that is void or under dispute is shown,
marked, and not counted.

**Roles.** The organisation's own people see its record, and so does the other side of an agreement proposed or signed with it;
nobody else. It shows days and counts, never amounts nor the names of other counterparties.

**One walk.** An institute proposes a licence; the firm looks how earlier licensees' questions were answered, the institute how the
firm's statements and payments came. One entry is late: the firm has written why beside it.
"""
