"""Promotion between two docker-registries, beside skopeo and docker: `python -m benchmarks.promotion`."""
