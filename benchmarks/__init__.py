"""What this program costs, as ratios against a baseline measured in the same run. Tests assert no timings."""
