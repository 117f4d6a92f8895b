"""The database: its tables, its migrations, and the few questions the service asks it."""
