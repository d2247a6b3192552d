"""Sessions in the formats of others: LeRobot, Rerun, MP4, PLY, CSV and Parquet.

:func:`core.export.run.export` does all of them, part by part; :mod:`core.export.blind` writes pairs
of videos for studies and knows nothing of sessions.
"""
