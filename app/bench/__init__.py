"""Measures the real window: how soon it paints, how often it stalls, how much memory it holds."""
