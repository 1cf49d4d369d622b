"""What instances and classes look like: gathered from the training data by `gathering`, kept with
the run by `gathered`, and given to translations by the `Stylist`, as `rules` say.
"""
