"""Duty clocks (职责时限): what an institute owes before and after it signs, each kept as a clock on the agreement.

**Nouns.** A *pricing* (定价方式) says how the price was found: by agreement, market listing or auction, by whom decided, with the
minutes. A *notice* (公示) publishes name, abstract, mode and proposed price for a number of days; an *objection* (异议) stops its clock
until it is answered. A *recordal* (备案) is that of a licence with the patent office; a *registration* (技术合同登记) that of the contract,
with a *pack* of form data to be handed in. The *asset register* (资产单列台账) is the institute's technologies seen as assets, its
*decisions* (决策记录) the evidence for 尽职免责. *Rules* are data: by region, with source and day in force.

**States.** Notice: published → ended; or upheld (an objection was right), void (the price changed), withdrawn. Objection: open →
upheld | rejected, or moot once its notice is over. Recordal: open → filed → recorded. Registration: prepared → registered.

**Roles.** Members of the institute price and publish, its heads (owner, signatory) answer objections; anybody signed in who can read a
notice may object. Both sides see recordal and registration. The register is open to owners and signatories of its institute alone.

**One walk.** The price is agreed, published for 15 days, objected to on the last one, the objection is rejected with reasons, the day
that was left runs; then both sign, the recordal falls due three months later, and each step stands in the register.
"""
