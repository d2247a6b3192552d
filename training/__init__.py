"""Demonstrations, labels, and the training of the embedded model."""
