"""Pages made from run folders alone. No torch, and nothing of a run is executed."""
