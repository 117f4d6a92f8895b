"""Joint angles of the persons in a video: the analysis, the service around it, and the command line."""
