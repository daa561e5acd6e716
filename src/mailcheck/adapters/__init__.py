"""One file per outside thing: the mail socket, Key Vault, Entra, the Bot Framework.

What belongs here: a library or a socket, and the table that turns its errors into evidence. What never does: a
decision about the check, a word to the administrator, an import of usecases or faces (they meet by shape in compose).
"""
