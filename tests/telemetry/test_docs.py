"""What is said of the metrics is what there is: on the page, and on the dashboard."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from rhapsode.telemetry.call_line import CallLine
from rhapsode.telemetry.metrics import REGISTRY

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "observe.md").read_text(encoding="utf-8")
DASHBOARD = (ROOT / "deploy" / "grafana" / "rhapsode.json").read_text(encoding="utf-8")
ADDED = {"instance", "pid"}
"""labels that Prometheus, and many processes, add"""
ROW = re.compile(r"^\| `(rhapsode_\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)


def names() -> dict[str, str]:
    """Every metric that there is, as Prometheus calls it, and its kind."""
    families = {family.name: family.type for family in REGISTRY.collect()}
    return {f"{name}_total" if kind == "counter" else name: kind for name, kind in families.items()}


def samples() -> set[str]:
    """What a query may name."""
    return {
        f"{name}{suffix}"
        for name, kind in names().items()
        for suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
    }


def labels_of_sample(sample: str) -> set[str]:
    """What a query may choose and group this by."""
    family = sample if sample in names() else re.sub(r"_(bucket|sum|count)$", "", sample)
    return labels_of(family) | ADDED | ({"le"} if sample.endswith("_bucket") else set())


def labels_of(name: str) -> set[str]:
    family = next(each for each in vars_of_metrics() if each._name == name.removesuffix("_total"))  # noqa: SLF001
    return set(family._labelnames)  # noqa: SLF001


def vars_of_metrics() -> list[Any]:
    from rhapsode.telemetry import metrics  # noqa: PLC0415

    return [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]


def test_the_page_has_a_line_for_every_metric() -> None:
    told = {name: (kind, set(re.findall(r"(?<!\()`(\w+)`", labels))) for name, kind, labels in ROW.findall(PAGE)}
    assert {name: kind for name, (kind, _) in told.items()} == names()
    assert {name: labels for name, (_, labels) in told.items()} == {name: labels_of(name) for name in told}


def test_the_page_names_every_field_of_a_line() -> None:
    table = PAGE.partition("| field | what it is |")[2].partition("\n\n")[0]
    every_line_has = {"event", "level", "logger", "timestamp"}
    assert {field.name for field in msgspec.structs.fields(CallLine)} - every_line_has == set(
        re.findall(r"`([a-z_]+)`", "\n".join(row.split("|")[1] for row in table.strip().splitlines()[1:]))
    )


def test_the_dashboard_asks_for_what_there_is() -> None:
    dashboard = json.loads(DASHBOARD)
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(asked) > 20
    named = set(re.findall(r"rhapsode_\w+", " ".join(asked)))
    assert named <= samples()
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} == set(names())


def test_the_dashboard_asks_by_labels_that_there_are() -> None:
    targets = [target for panel in json.loads(DASHBOARD)["panels"] for target in panel.get("targets", ())]
    for target in targets:
        asked = target["expr"]
        there = [labels_of_sample(name) for name in re.findall(r"rhapsode_\w+", asked)]
        for name, chosen in re.findall(r"(rhapsode_\w+)\{([^}]*)\}", asked):
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen)) <= labels_of_sample(name), asked
        grouped = {label for by in re.findall(r"\bby \(([^)]*)\)", asked) for label in re.findall(r"\w+", by)}
        shown = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", "")))
        assert all(grouped | shown <= labels for labels in there), asked
        assert shown <= grouped or not grouped, asked
