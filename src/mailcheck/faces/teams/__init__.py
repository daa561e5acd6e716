"""Teams: what people say and press, what they see, and the turn between.

What belongs here: texts and buttons read as intents, reports drawn as cards, the order and time of what is said in a
turn. What never does: who is let in and how a call gets to Teams (the adapters), and, but for bot.py and endpoint.py,
an SDK.
"""
