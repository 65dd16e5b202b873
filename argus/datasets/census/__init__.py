"""What data have to learn from: labels counted in entries and in maps, and the judgement of it."""
