"""What is looked at before the first step: settings, files, labels and classes."""
