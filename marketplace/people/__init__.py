"""People: who acts, and for whom.

Nouns: person, organisation (enterprise, institute, service provider, agency), membership with a role (owner, member,
signatory), invitation, join request. States of an organisation: unverified → pending → verified | refused. Roles:
everybody may register; owners invite, change roles and ask for verification; operators verify and appoint brokers.

A walk: a transfer officer signs up, types "浙大", is shown 浙江大学 and asks to join instead of founding it twice; an
owner accepts; the operator compares the unified social credit code with its certificate and verifies the organisation.
"""
