"""The simulated lab: scene, tasks, scripted expert, physics behind the libfranka protocol."""
