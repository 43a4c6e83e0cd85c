"""Risk sharing (风险分担): guarantors, insurers and funds that stand behind an agreement.

**Nouns.** A *guarantee* (担保) of a *guarantor* organisation (as guarantor 担保机构, insurer 保险人 or risk fund 风险补偿资金) under one
agreement; its *versions*, each a *cover* (保障条款): share of each covered obligation, greatest amount in all, first-loss order
(先行赔付顺序), when and how long one may claim, own share, premium, recourse. An *acceptance* is a side's signatory's yes to one
version, by its hash. A *claim* (理赔) of the *protected* side with one *line* an obligation. An *entry* is money beside the agreement:
premium paid, a recourse debt (追偿) and its repayments; never changed, corrected by a mirror row.

**States.** A guarantee: requested → offered → in_force → ended; declined by the guarantor, withdrawn by a side. A claim: filed →
accepted → paid → settled, or refused, or withdrawn; a payment that never came or bounced takes it back to accepted.

**Roles.** Either side asks for a guarantee; the guarantor's signatory offers; both sides' signatories accept, and the cover is frozen.
The protected side (the institute against non-payment, the firm against paying for a technology that fails) claims and confirms
what came in. The guarantor sees its guarantee, the agreement's title and sides, and what it covers; nothing else.

**One walk.** The institute asks a guarantee company to cover 80 % of the royalty. A royalty falls 30 days overdue; the institute
claims, the guarantor accepts and pays, the institute confirms: the payment stands in the agreement's ledger, what the firm
owes the institute falls by it, and the firm owes it to the guarantor where the cover has recourse.
"""
