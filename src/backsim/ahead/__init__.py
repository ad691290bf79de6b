"""The coming weeks from today: a book of open orders, played many times in a scenario's world."""
