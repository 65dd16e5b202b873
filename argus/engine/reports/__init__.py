"""What a run tells: console, logs and curves, pictures, and the record of what made it."""
