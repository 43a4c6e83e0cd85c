"""The match desk: each side's own list of matches, worked off by asking for an introduction, shortlisting or declining (匹配台).

**Nouns.** An *answer* (答复) is what a side says to a match: new, shortlisted (入围), declined (谢绝) with a code, or introduced (申请对接); it can
be changed, and each change is a row. *Advice* (建议) is what a decline tells the other side in words that help.

**Roles.** The firm has the matches of its needs, the holder those of its technologies; each answers for its side. A technology manager's new pairs are his
worklist; what he has shortlisted or declined stands here, and is his alone: other managers have answers of their own.
"""
