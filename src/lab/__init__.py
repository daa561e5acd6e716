"""The embedded world of the demo and the tests: Entra, Key Vault, managed identity, Exchange, Teams, Functions host.

What belongs here: servers that check what Microsoft's check and answer in Microsoft's own words, on loopback only.
What never does: an import of mailcheck (they meet over TCP and a settings mapping), or anything that is deployed.
"""
