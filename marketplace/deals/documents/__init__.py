"""Documents of a deal: shared or one side's own, in versions, with a log of who opened what.

**Nouns.** A *document* (文档) has *versions* (版本), of which none is ever changed; an *opening* (打开记录) is one fetching of a version.

**Who.** A document of one side is for that side alone, one of a side and the broker for these two; a shared one for both sides and the broker, and for
guests where that is ticked. Whoever may read it may add a version and read its log; whoever put it there, or the broker, takes it away. A party
that is removed opens nothing more.
"""
