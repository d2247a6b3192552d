"""The rig server: the one process that moves the arm, and its client."""
