"""The lab's Exchange Online: IMAP and POP over implicit TLS, for apps that sign in with an app-only token.

What belongs here: a server written from RFC 3501, 1939, 4959 and 5034 that decides as Exchange does and answers in its
words. What never does: the product's own parser (one misreading would then pass on both sides), or a change to any
mail: mailboxes are looked at and never written.
"""
