"""What was measured, beside what is wanted."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one benchmark, with its limit if it has one."""

    name: str
    figure: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Return whether the figure is within its limit."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)


@dataclass
class Report:
    """Prints each figure as it comes and remembers those that have a limit."""

    rows: list[Row] = field(default_factory=list)
    quiet: bool = False

    def say(self, line: str) -> None:
        """Print a line of its own."""
        print(line, flush=True)

    def add(
        self, name: str, figure: str, value: float, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """Note a figure and print it."""
        row = Row(name, figure, value, at_least, at_most)
        self.rows.append(row)
        limits = [f"wanted >= {at_least:g}"] if at_least is not None else []
        limits += [f"wanted <= {at_most:g}"] if at_most is not None else []
        verdict = f"  {', '.join(limits)}  {'ok' if row.holds else 'MISSED'}" if limits else ""
        if not self.quiet:
            print(f"{name:<28} {figure:<26} {value:>10.2f}{verdict}", flush=True)

    def missed(self) -> list[Row]:
        """Return the figures beyond their limits."""
        return [row for row in self.rows if not row.holds]
