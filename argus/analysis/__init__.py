"""Pictures of trainings and models: curves, gradients of the tasks, where a classifier looks."""
