"""From pictures to persons and joint angles. Pure but for `models`, which runs the networks."""
