"""Calls: needs put out for proposals, and research that several enterprises pay together (揭榜挂帅、众筹科研).

**Nouns.** An *open call* (揭榜挂帅, `Call`) asks for *proposals* (揭榜方案); a *solver* (揭榜方) hands one in, *sealed* until the deadline.
A *board* (榜单) of a region or a ministry groups calls. A *reviewer* (评审专家) declares conflicts, then scores by *criterion* (评审指标);
the *award* (中榜) names the teams, one or several in parallel (赛马). A *team* (揭榜团队) works by *gates* (阶段评估). A *pool* (众筹) collects
*pledges* (认筹) toward one common need and becomes a call with several *owners* (发榜方). An *amendment* (更正公告) corrects a published call.

A *fit* (`CallFit`) is a technology that could answer a call, told to its own people alone.

**States** of a call: draft → published → closed → awarded → ended, or withdrawn; closed without an award is unawarded. Of a board: draft →
published → closed. Of a reviewer: invited → active, or declined, or removed.

**Roles.** Members of the organisation that puts it out write the call; those of any of its owners answer questions and name the reviewers; the owners and
signatories of the first award, after a vote where there are several owners. Anybody who may read it asks; an
organisation that is eligible proposes. Nobody reads a proposal before the deadline. A board's organisation decides which calls are on it.

**One walk.** A firm puts its need out: brief, targets, acceptance test, budget by stages, criteria with weights, a deadline in Berlin. It is refused with all
that is missing at once, then published, and from then on locked but for amendments. Two solvers ask; the answer stands for all. The deadline is moved once,
to a later day. When it comes, the clock closes the call, and what was sealed is opened.
"""
