"""From items to batches: sources, splits, labels, blocks, plans, data sets and loaders."""
