"""Signing in through somebody else: an OpenID provider, such as that of a university or a group of firms.

**Nouns.** A *provider* (外部身份提供方) is named in the settings with its issuer, its client and, in the environment, its secret. An *identity*
(外部身份) is what a provider calls a person, bound to one account.

**Rules.** Code flow with PKCE, state and nonce. An identity is never bound to an account by its mail address alone: whoever has an account signs in the old way
once and then joins the two; the address must be the same and verified by the provider. Where nobody has the address, a new account is opened.
"""
