"""`python -m bench.compare FILE...`: put the results of a harness (docs/performance.md) side by side, as Markdown.

With `--write docs/performance.md` the tables take the place of those that stand there, between the two marks.
"""

import argparse
import json
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
OURS, MEMORY, REDIS, CANAILLE = "ERN Login", "oidc-provider es256", "oidc-provider es256-redis", "canaille"
OPERATIONS = (
    "discovery", "jwks", "client_credentials", "refresh_token", "introspection", "userinfo", "code_flow", "login_flow",
)  # fmt: skip
# Operation -> CPU microseconds that it may take, and how many times as often as node-oidc-provider in memory we do it.
BUDGET = {
    "discovery": (45, 3.0),
    "jwks": (45, 3.0),
    "client_credentials": (340, 1.0),
    "refresh_token": (600, 0.8),
    "introspection": (320, 0.85),
    "userinfo": (320, 0.85),
    "code_flow": (1200, 1.0),
}
Result = dict[str, Any]


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description="Put results side by side.")
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--write", type=Path, help="the page whose tables are replaced")
    wanted = parser.parse_args()
    told = tables([json.loads(path.read_text("utf-8")) for path in wanted.results])
    if wanted.write is None:
        print(told)
        return
    before, _, rest = wanted.write.read_text("utf-8").partition(BEGIN)
    wanted.write.write_text(f"{before}{BEGIN}\n\n{told}\n\n{END}{rest.partition(END)[2]}", "utf-8")


def tables(results: list[Result]) -> str:
    """Return the machine, the raw figures, and our figures beside the budget."""
    results = sorted(results, key=lambda result: (result["mode"], not result["name"].startswith(OURS), result["name"]))
    host = results[0]["host"]
    machine = f"{host['cpu']}, {host['cores']} cores; {results[0]['when'][:10]}."
    rows = [_row(result) for result in results]
    head = ("server", "cores", *OPERATIONS, "start s", "idle MiB")
    return "\n\n".join([machine, _table(head, rows), _beside_the_budget(results)])


def _row(result: Result) -> list[str]:
    figures = [_figure(result["ops"].get(operation)) for operation in OPERATIONS]
    memory = (result.get("mem_idle") or ("", "-"))[1]
    return [result["name"], result["mode"], *figures, str(result.get("start_s", "-")), str(memory)]


def _figure(operation: Result | None) -> str:
    return f"{operation['rps']:,.0f} ({operation['server_cpu_us_per_op']:,})" if operation else "-"


def _beside_the_budget(results: list[Result]) -> str:
    one = {name: _of(results, name) for name in (OURS, MEMORY, REDIS, CANAILLE)}
    rows = []
    for operation, (most, least) in BUDGET.items():
        cpu = one[OURS].get(operation, {}).get("server_cpu_us_per_op")
        ratios = [_ratio(one, operation, other) for other in (MEMORY, REDIS, CANAILLE)]
        rows.append([operation, str(cpu or "-"), str(most), ratios[0], f"{least:.2f}", *ratios[1:]])
    head = ("operation", "CPU us", "budget", "x in memory", "wanted", "x with Redis", "x canaille")
    return _table(head, rows)


def _of(results: list[Result], name: str) -> Result:
    """Return the operations of a server on one core."""
    found = (result for result in results if result["mode"] == "one" and result["name"].startswith(name))
    exact = sorted(found, key=lambda result: len(result["name"]))
    return exact[0]["ops"] if exact else {}


def _ratio(one: dict[str, Result], operation: str, other: str) -> str:
    """Say how many times as much CPU time another server takes: what survives a busy machine."""
    costs = [one[name].get(operation, {}).get("server_cpu_us_per_op") for name in (OURS, other)]
    return f"{costs[1] / costs[0]:.2f}" if all(costs) else "-"


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
