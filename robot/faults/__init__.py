"""The fault lab: arm and cameras that go wrong when they are told to, for training and tests."""
