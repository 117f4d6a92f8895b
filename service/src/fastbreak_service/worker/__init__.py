"""The process that decodes and analyses, apart from the one that serves: a crash costs one analysis only."""
