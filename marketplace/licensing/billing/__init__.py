"""Money (账款): invoices, payments, arrears, reminders, and the sums of an organisation.

**Nouns.** An *invoice* (账单) states one obligation, or the interest accrued on an agreement, and is never changed; a *mirror*
(冲销账单) is the invoice with negative amounts that cancels one. Each issuer numbers its invoices of a calendar year without gaps.
A *tax invoice number* (发票号码) is written beside an invoice in a row of its own: an invoice here is no Chinese tax invoice. A
*payment* (付款) is money that one side says has moved; once the licensor has confirmed it, it is an event of the agreement, and
the schedule says what it pays. A *bank line* (银行流水) is a line of a bank statement that a licensor brought in. A *reminder*
(付款提醒) is sent once for each obligation, due date and stage. *Arrears* (欠款) are what is unpaid, by age.

**States.** An invoice has none: it is live until a mirror names it. A payment: reported → confirmed or rejected; a confirmed
one may bounce. A bank line: open → taken or set aside.

**Roles.** The licensor issues, cancels, confirms, rejects; either side reports a payment and reads both; members of an
organisation see its sums and its exports, its owners say how it bills. Nobody else reads anything, the operator included.

**One walk.** An obligation arises; a job issues the invoice and mails it. The licensee pays, reports the payment with its
proof; the licensor sees which obligations it will pay, confirms; the schedule allots it. What stays unpaid ages, is reminded
of, bears interest, and the interest is invoiced by a button.
"""
