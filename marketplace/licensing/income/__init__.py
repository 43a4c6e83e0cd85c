"""Income split (收益分配): every payment an institute receives, divided among inventors, school, office and broker.

**Nouns.** A *policy* (分配办法) of an institute: what is deducted from gross income and how the net is shared; an *inventor* (完成人), a
name and perhaps an account; an *inventorship* (完成人权重), the weights of a technology's inventors; a *cost* (转化成本), deducted once
over its life; a *split* (收益分配) of one payment, its *lines* the formula line by line; a *payout* (发放) to one receiver; an *income
statement* (收益单), what one inventor was awarded in a year. *Rules* (规定) are data: floors of nation and regions, with source and day.

**States.** Policy and inventorship: proposed → approved | refused. Split: waiting (for a policy, the inventors or a rule) → computed →
approved → paid; or refused, replaced by a newer one, cancelled because the payment was voided. Whoever caused a row never approves it.

**Roles.** Owners and signatories of the institute see and do all of this; an inventor reads its own income statement and nothing
else; the licensee, the operator and everybody else read nothing.

**One walk.** A royalty is paid → the split is computed by the policy and the rules of that day → a second person approves it → each
inventor is told → office and inventors are paid. The payment bounces: a mirror with negative amounts, approved the same way.
"""
