"""Reading videos that nobody vouches for."""
