"""Recovery 找回登录方式: the way back for whoever knows the password and has lost every second factor.

**States.** asked → allowed or refused by an operator, who writes down how he made sure who it is; allowed → used at a sign-in with the password, not before
`due` (72 hours after asking) and not later than two weeks behind it. The person stops it at any time: by the link in his mail, by showing a factor, by a new
password.

**Why 72 hours.** The person hears of it by mail at once. Three days reach over a weekend, so that whoever did not ask reads the mail and stops it, even where
somebody else has the password and has deceived an operator. Nobody shortens them, neither an operator nor the command line.

**One walk.** Password → "I have lost all of it" → a reason → mail with a link to stop it, and a mail to each operator → the operator calls back by a number
from elsewhere, notes it, allows → three days later the password opens one page, on which a new factor is set up; what was set up before and all other
sessions are gone.
"""
