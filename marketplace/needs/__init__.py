"""Needs: real problems that enterprises post and will pay to solve (需求).

Nouns: need, pasted problem (what a visitor typed on the front page), target, technical questions.
States of a need: draft → submitted → published → matched → in_deal → solved | withdrawn | expired. Beside that it
carries a grade: declared → distilled → verified. Roles: author and members of the firm write, publish, sign off and
withdraw; brokers distil and verify; readers read what is public, or members-only once their organisation is verified.

A walk: a workshop owner pastes a problem, sees technologies, signs up; the text has become a draft need. The firm is asked,
one question at a time (`asking`), what was tried and what it will pay, publishes at grade declared; a broker writes the technical questions, the firm
signs them off (distilled), the broker checks both tests with evidence (verified, for 180 days).
"""
