"""Running models: batching, optimisation, packed weight files, benchmarks."""
