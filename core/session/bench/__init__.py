"""``main.py bench recorder``: what is lost, what it costs, and what a kill leaves behind."""
