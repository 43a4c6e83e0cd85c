"""Sessions: who is signed in, on which device, since when and until when.

**Nouns.** A *sign-in* (登录) is one row: a person, the hash of a random name that only the browser's cookie holds, how and when it was made, when it was last
used, when it was last *proven* (by password, code or passkey), and the family of browser and system. It ends when it was not used for its idle time, when its
longest time is over, when the person signs out here or from another device, and with every change of password or second factor (all others then).

**What must be proven anew.** `STEP_UP` in views names what nobody may do with a session found open on a desk: signing, changes of the account, and all that
operators do. Whoever has not proven in the last fifteen minutes who he is does it first, and comes back.
"""
