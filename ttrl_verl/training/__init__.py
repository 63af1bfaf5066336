"""What of ours runs inside verl: data set, reward manager, group stage, and what they hand to each other."""
