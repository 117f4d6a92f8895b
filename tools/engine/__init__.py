"""Find a Docker engine; on Debian, as root, install and start one. `python -m tools.engine ensure|stop|status`."""
