"""What this machine has and lacks for the studio: one check per file, findings in sentences."""
