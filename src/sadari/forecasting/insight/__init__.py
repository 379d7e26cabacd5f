"""What a planner asks afterwards: incidents and their causes, bottlenecks, seasons, advice."""
