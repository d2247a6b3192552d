"""What the studio knows without a window or a robot: data, protocol, model, policy, log."""
