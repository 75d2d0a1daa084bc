"""What a scenario's end means: a pure core decides, profiles and an applicability file steer it."""
