"""The page of an ablation, section by section, out of the pieces that pages of runs are made of."""
