"""The root of every error that sadari raises on purpose."""


class SadariError(Exception):
    """A sentence that a user can act on: what was wrong, where, and what to do.

    Each floor has one subclass. The command line prints the sentence and exits with
    `exit_status`: 2 for bad input or wrong usage, 1 when the work itself says no.
    """

    exit_status = 2

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what = what
        self.where = where
        self.todo = todo
        place = f"{where}: " if where else ""
        advice = f" {todo}" if todo else ""
        super().__init__(f"{place}{what}{advice}")
