"""Training of any MolmoAct-class checkpoint on action-reasoning data sets."""
