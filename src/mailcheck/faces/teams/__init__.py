"""Teams: what people say (intent), what they see (cards), and the turn between (bot)."""
