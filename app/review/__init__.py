"""The second page of the window: looking back at recorded sessions. Nothing here moves the arm."""
