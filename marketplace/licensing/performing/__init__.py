"""Performing: what happens under a signed agreement, beside statements and payments.

**Nouns.** An *event* (事项) of the agreement, entered through the ledger; a *correction* (更正), asked by one side and agreed by the
other, that takes an event back; a *dispute* (争议) and its *settlement* (解决); a *place* in the queue (次序) of several triers of one
technology; a *reminder* (提醒), once for each thing and day.

**States.** A correction: asked → agreed | refused | withdrawn. A dispute: open → offered (a settlement is on the table) → settled.

**One walk.** The licensee enters that the trial began; two weeks before its end both sides are reminded; the licensee converts
if nobody stands before it in the queue, else it waits; a day entered wrong is corrected when both sides say so.
"""
