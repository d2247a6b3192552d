"""Everything that moves or sees: arm, cameras, guard, rig, and the simulated lab."""
