"""The map of demand and supply: open needs against published technologies, by industry and region.

**Nouns.** A *cell* is one division of GB/T 4754 (C34) in one region, with its open needs, its published technologies, and the technologies of that industry in
all regions. Its *scarcity* is its share of all needs divided by its share of all technologies: 3 means that it has three times as large a part of what is asked
as of what is offered. A need is where it says it is; a technology where its holder is. A technology of two industries stands in both.

**What is counted** is what a visitor without an account finds in the two lists, by the same index and filters. So the map tells nothing that the lists do not
tell: members-only listings are not in it, a blind one is by the division and region of its teaser. Needs state an industry and no field of technology, so the
map is by industry.

**When.** With the funnel, once a day, by its job, into its report; no request counts.
"""
