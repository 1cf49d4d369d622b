"""`python -m gan_zoo`, and what torchrun starts."""

from gan_zoo.cli import main

if __name__ == "__main__":
    main()
