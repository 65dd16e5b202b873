"""The guide; a package so that its extensions can be imported and tested."""
