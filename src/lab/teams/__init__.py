"""The lab's Teams: what signs activities for the bot, what takes the bot's calls, and a terminal to talk to it.

What belongs here: the Bot Framework channel as the bot sees it, and the drawing of its cards as text.
What never does: knowledge of mailcheck (its commands, its cards); the bot is met over HTTP only.
"""
