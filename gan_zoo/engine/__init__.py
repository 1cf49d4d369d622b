"""One step: what is built, who plays, whose turn it is, in which numbers. It holds no GAN maths."""
