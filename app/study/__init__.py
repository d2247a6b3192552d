"""Preference studies on the screen, for participants and experimenters, and the lab's films."""
