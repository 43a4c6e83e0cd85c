"""The people in a deal (参与人): invited by mail, joined as owners of a house, removed at once; and the broker, who hands a deal over.

**States** of a party: invited → active | declined; invited or active → removed. An invitation is good for 14 days, once, for its own address.

**Roles.** A side invites its own people, the broker anybody; guests come in after the introduction. The broker is never removed: somebody else of the
agency takes the deal over, or the agency's owner gives it to one when the broker has left.
"""
