"""Preference studies: what is asked, of whom, in which order, and what was answered. No Qt."""
