"""Reviewing (评审): from the opened proposals of a call to its award.

**Nouns.** A *review* (评审) of a call; each *reviewer* has an *assignment* (评审任务) for each proposal, told by a letter of his own; a
*tie* (关联) is an organisation that he has to do with; a *declaration* (回避声明) says whether there is a conflict between him and one
proposal; a *score* (评分) is his figure for one criterion with its reason. A *panel decision* (评审决定) of the owners holds a *verdict* (结论) for
each proposal; the *award* (中榜) publishes it, an *award note* (中榜更正) corrects it in the open.
A *later award* (递补中榜) gives a place that a team did not take to another proposal.

**States** of a review: open → closed → settled; closed → open again as long as nothing is decided in public.

**Rules.** Nothing of a proposal is shown before the reviewer has declared for all of them; with a conflict he never sees it. Declarations,
scores, decisions, award and notes are only ever added: the newest of each counts, and the database refuses to change one. `ranking` is pure.

**One walk.** The owners begin the review; each reviewer declares, reads, scores; the owners close it, see the table with what the reviewers
disagree on, decide with reasons, publish; each solver reads his own scores and advice.
"""
