"""Second factors: what somebody has, beside the password that he knows.

**Nouns.** An *authenticator* (身份验证器) is an app that shows six digits (TOTP, RFC 6238), one a person. A *passkey* (通行密钥) is a key in a device or a
key ring (WebAuthn): it signs in alone, for it asks for finger, face or PIN itself. *Recovery codes* (恢复码), ten, each once, stand in for a lost device. A
*recovery* (找回登录方式) is for whoever has lost all of it: asked for with the password, checked by an operator, and not before three days are over.

**Roles.** Nobody must have a second factor but operators and technology managers, where the site asks it of them (`MARKETPLACE_SECOND_FACTOR`); they
have two weeks from the first sign-in after that.

**One walk.** Settings → a QR code to photograph → six digits → ten codes to keep. From then on the password is followed by six digits. Every change ends the
sessions elsewhere and is told by mail.
"""
