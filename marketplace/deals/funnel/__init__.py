"""The funnel: how many matches become talks, contracts, trials and payments.

**Nouns.** A *case* is one match with how far it came; its *month* is that in which the match was found (a cohort), in China's time.
*Talk*: the two sides were introduced. *Contract*: the agreement of the deal was countersigned. *Trial*: a trial began under it.
*Paid*: a first payment under it was confirmed. Each of them counts with all before it; an agreement without a trial goes from contract to
payment. A *report* is all counts of the site, made by a job.

**Who.** The sums are public: `tally.public` joins what fewer than five deals would show, so that no number of theirs can be worked out from
the others. A technology manager reads the exact numbers of his own deals, an owner those of his organisation's side, the operator the sums
by technology manager and no deal.
"""
