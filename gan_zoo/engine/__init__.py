"""The engine: takes an assembly through the phases of its recipe. It holds no GAN maths."""
