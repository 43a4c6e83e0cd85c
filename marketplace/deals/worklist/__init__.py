"""The worklist: what a technology manager does next, from top to bottom.

**Nouns.** A *row* is one thing to do: why it is there, and its next step as one button. A *source* finds the rows of one *section*; `operations.SOURCES`
lists them in the order of the page. A *specialty* (擅长领域) is what a technology manager works in; without one he sees everything. A row can be
*put off* (暂缓) until a day.

**Who.** Each technology manager his own. Of an agreement he reads what `deal.watch_agreement` lets him: when its trial ends and whether a statement is overdue,
never an amount.

**One walk.** He signs in, the first row has the focus, Enter opens a deal, j goes on, x puts off until tomorrow.
"""
