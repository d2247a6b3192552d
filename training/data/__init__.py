"""Robot data sets in and out: LeRobot data sets and sessions become action-reasoning data sets."""
