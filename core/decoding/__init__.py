"""Turning a model's forward passes into an answer."""
