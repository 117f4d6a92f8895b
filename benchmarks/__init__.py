"""The headline figures, one command each, against the peer in the same run."""
