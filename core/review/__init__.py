"""Looking back at sessions: an index of them, random access into one, and asking again."""
