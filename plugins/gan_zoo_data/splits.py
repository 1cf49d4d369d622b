"""The splits of data by name. No torch here."""

SPLITS = ("train", "val", "test")  # that are looked for where nobody names one
LEARNED = "train"  # the split that a run learns from
