"""The service's face: JSON over HTTP."""
