"""The tables: ratios first, since the machine is shared; then what they were made from."""

from __future__ import annotations

from rich.table import Table

from bench import drain, receive, share

GOALS = {True: "[green]met[/]", False: "[red]missed[/]"}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _goal(table: Table, what: str, measured: float, goal: float, *, at_most: bool, unit: str = "×", digits: int = 2) -> None:
    is_met = measured <= goal if at_most else measured >= goal
    sign = "≤" if at_most else "≥"
    table.add_row(what, f"{measured:.{digits}f} {unit}", f"{sign} {goal:g} {unit}", GOALS[is_met])


def receiving(report: receive.Report) -> list[Table]:
    """Goals and figures of receiving."""
    disk = f"{report.fsync_ms:g} ms added to each flush" if report.fsync_ms else f"a flush takes {report.flush_us:.0f} µs"
    most = max(rate.connections for rate in report.rates)
    ours, floor, usual = (report.rate(name, most) for name in (receive.PLATFORM, receive.BARE_JOURNAL, receive.IDIOMATIC))
    at_pgbench = min(rate.connections for rate in report.rates if rate.name == receive.PLATFORM)
    goals = _table(f"Receiving, ratios ({disk})", "", "measured", "promised", "")
    _goal(
        goals, "server CPU a message, to a bare WSGI function with the same statement", ours.server_us / floor.server_us, 1.6, at_most=True
    )
    share = report.rate(receive.PLATFORM, at_pgbench).rate / report.commits.rate * 100
    if report.fsync_ms >= 1:
        _goal(goals, "rate, to pgbench's single-row commits at equal connections", share, 50, at_most=False, unit="%", digits=0)
    else:
        goals.add_row("rate, to pgbench's single-row commits at equal connections", f"{share:.0f} %", "(with 1 ms flushes)", "")
    _goal(goals, "rate, to DRF + ModelSerializer + ORM + .delay()", ours.rate / usual.rate, 5, at_most=False)
    for latency in report.latencies:
        if latency.name == receive.PLATFORM:
            limit = 10 if latency.rate <= 100 else 50
            _goal(goals, f"answer time at {latency.rate:g}/s, p99", latency.p99_ms, limit, at_most=True, unit="ms")
            _goal(goals, f"answer time at {latency.rate:g}/s, p50", latency.p50_ms, 5, at_most=True, unit="ms")
    rates = _table(
        "Receiving, full load", "", "connections", "req/s", "p50 ms", "p99 ms", "server CPU µs", "PostgreSQL CPU µs", "Redis CPU µs"
    )
    for rate in report.rates:
        rates.add_row(
            rate.name,
            str(rate.connections),
            f"{rate.rate:,.0f}",
            f"{rate.p50_ms:.1f}",
            f"{rate.p99_ms:.1f}",
            f"{rate.server_us:.0f}",
            f"{rate.postgres_us:.0f}",
            f"{rate.redis_us:.0f}",
        )
    rates.add_row(
        "pgbench, one row a commit",
        str(receive.THREADS),
        f"{report.commits.rate:,.0f}",
        "",
        "",
        "",
        f"{report.commits.postgres_us:.0f}",
        "",
    )
    latencies = _table(
        "Receiving, fixed rate (from when each callback was due)", "", "offered/s", "reached/s", "p50 ms", "p99 ms", "max ms"
    )
    for latency in report.latencies:
        latencies.add_row(
            latency.name,
            f"{latency.rate:g}",
            f"{latency.reached:.0f}",
            f"{latency.p50_ms:.2f}",
            f"{latency.p99_ms:.2f}",
            f"{latency.max_ms:.1f}",
        )
    counts = _table("Receiving, answered 200 and rows found", "", "answered", "rows")
    for name, accepted in report.accepted.items():
        counts.add_row(name, f"{accepted:,}", f"{report.rows[name]:,}")
    return [goals, rates, latencies, counts]


def draining(report: drain.Report) -> list[Table]:
    """Goals and figures of draining."""
    goals = _table(f"Draining, ratios ({report.threads} threads, {report.lanes} lanes)", "", "measured", "promised", "")
    for result in report.results:
        if result.name != drain.PLATFORM:
            continue
        usual = report.result(drain.IDIOMATIC, result.latency_ms)
        where = f"far side {result.latency_ms:g} ms"
        if result.bound:
            bound = f"of {report.threads} slots / {result.latency_ms:g} ms = {result.bound:.0f}/s"
            _goal(goals, f"{where}: rate {bound}", result.steady_rate / result.bound * 100, 92, at_most=False, unit="%", digits=0)
        else:
            _goal(goals, f"{where}: rate", result.steady_rate, 1700, at_most=False, unit="/s", digits=0)
        _goal(goals, f"{where}: CPU a message, to one Celery task a message", result.total_us / usual.total_us, 0.5, at_most=True)
        _goal(goals, f"{where}: lost", result.lost, 0, at_most=True, unit="", digits=0)
        _goal(goals, f"{where}: out of order", result.out_of_order, 0, at_most=True, unit="", digits=0)
    figures = _table(
        "Draining",
        "",
        "far side ms",
        "messages",
        "msg/s steady",
        "msg/s with the end",
        "first ms",
        "worker CPU µs",
        "PostgreSQL µs",
        "Redis µs",
        "queueing µs",
        "lost",
        "doubled",
        "out of order",
    )
    for result in report.results:
        figures.add_row(
            result.name,
            f"{result.latency_ms:g}",
            f"{result.messages:,}",
            f"{result.steady_rate:,.0f}",
            f"{result.rate:,.0f}",
            f"{result.first_ms:.0f}",
            f"{result.worker_us:.0f}",
            f"{result.postgres_us:.0f}",
            f"{result.redis_us:.0f}",
            f"{result.enqueue_us:.0f}",
            str(result.lost),
            str(result.doubled),
            str(result.out_of_order),
        )
    return [goals, figures]


def sharing(report: share.Report) -> list[Table]:
    """Goals and figures of sharing."""
    goals = _table(f"Sharing, beside {report.queued:,} waiting messages of another brand", "", "measured", "promised", "")
    _goal(
        goals,
        "a calm brand's p99, more than alone",
        (report.beside.p99_ms / report.alone.p99_ms - 1) * 100,
        20,
        at_most=True,
        unit="%",
        digits=0,
    )
    for paced in report.paced:
        where = f"{paced.per_second:g} a second, {paced.processes} processes"
        _goal(goals, f"{where}: most in any second", paced.most_in_a_second, paced.per_second, at_most=True, unit="", digits=0)
        _goal(goals, f"{where}: used", paced.used * 100, 95, at_most=False, unit="%", digits=0)
    figures = _table("Sharing, from a message's commit to the far side", "", "messages", "p50 ms", "p99 ms")
    for waits in (report.alone, report.beside):
        figures.add_row(waits.name, str(waits.messages), f"{waits.p50_ms:.1f}", f"{waits.p99_ms:.1f}")
    return [goals, figures]
