"""Asking a model what to do: the interface, the model in this process, and over the network."""
