"""The lab's Exchange Online: IMAP and POP over implicit TLS and SMTP submission, for apps with an app-only token.

What belongs here: a server written from RFC 3501, 1939, 4959, 5034, 5321, 3207 and 4954 that decides as Exchange does
and answers in its words. What never does: the product's own parser (one misreading would then pass on both sides), or
any change to mail: mailboxes are looked at and never written, and no mail is taken.
"""
