"""One harness for closed-loop evaluations in the lab; docs/evaluation.md is its manual.

``cases`` says what is tried, ``layouts``, ``wording``, ``drawing`` and ``appearance`` make a case's
table, words, line and light; :mod:`robot.sim.trials` carries a case out on a table behind
:class:`robot.sim.trials.TrialLab`; ``runner`` and ``store`` do many of them, resumably;
``statistics``, ``paper``, ``plot`` and ``markdown`` say what came out; ``fig3``, ``shaky`` and
``ood`` are commands. Another simulator takes part by a table of its own behind that protocol.
"""
