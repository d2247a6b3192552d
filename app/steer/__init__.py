"""The Steer workspace: picture, trace editing and the panels beside them."""
