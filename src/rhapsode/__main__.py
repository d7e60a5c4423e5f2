"""`python -m rhapsode`: the command, where no script of that name is on the path."""

from rhapsode.cli.main import run

if __name__ == "__main__":
    run()
