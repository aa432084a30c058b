"""The operators' kit: what its own tools can say of it without a container engine.

Not seen here: that the images can be pulled, that the containers start, what Loki and Alloy say of
their files, and the one LogQL expression.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from viatique.api.measures import DURATIONS, REQUESTS
from viatique.measured import METRICS

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
RULES = INFRA / "prometheus" / "rules.yml"
DASHBOARDS = sorted((INFRA / "grafana" / "dashboards").glob("*.json"))
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text("utf-8"))
UNITS = sorted((INFRA / "systemd").iterdir())
GAUGES = {
    "grading_copies_by_status", "grading_identities", "grading_oldest_waiting_seconds",
    "grading_live_claims", "grading_retries_exhausted", "grading_audit_seal_age_seconds",
    "grading_audit_seal_ok", "grading_audit_log_age_seconds", "viatique_database_up",
}  # fmt: skip


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus, prometheus-alertmanager)")
    return found


def run(*arguments: str | Path, code: int = 0, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [*map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def expressions(path: Path) -> list[str]:
    """The PromQL of a dashboard."""
    return [
        target["expr"].replace("$__rate_interval", "5m")
        for panel in json.loads(path.read_text("utf-8"))["panels"]
        for target in panel["targets"]
        if target["datasource"]["type"] == "prometheus"
    ]


def check_expressions(folder: Path, exprs: list[str], code: int) -> None:
    rules = [{"record": f"checked:{n}", "expr": expr} for n, expr in enumerate(exprs)]
    path = folder / "expressions.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "checked", "rules": rules}]}), "utf-8")
    run(tool("promtool"), "check", "rules", path, code=code)


def test_each_alert_fires_for_its_cause_and_not_for_others() -> None:
    run(tool("promtool"), "check", "rules", RULES)
    run(tool("promtool"), "test", "rules", "rules_test.yml", cwd=RULES.parent)
    tested = set(re.findall(r"alertname: (\w+)", (RULES.parent / "rules_test.yml").read_text()))
    assert tested == set(re.findall(r"alert: (\w+)", RULES.read_text("utf-8")))


def test_the_prometheus_configuration_is_one(tmp_path: Path) -> None:
    text = (RULES.parent / "prometheus.yml").read_text("utf-8")
    (tmp_path / "token").write_text("x")
    config = tmp_path / "prometheus.yml"
    config.write_text(re.sub(r"credentials_file: .*", f"credentials_file: {tmp_path}/token", text))
    shutil.copy(RULES, tmp_path)
    assert "SUCCESS" in run(tool("promtool"), "check", "config", config)


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("P0", "at-once"), ("P1", "within-the-hour"), ("P2", "today"), ("P3", "next-day")],
)
def test_each_severity_has_its_receiver(severity: str, receiver: str) -> None:
    config = INFRA / "alertmanager" / "alertmanager.yml"
    run(tool("amtool"), "check-config", config)
    said = run(
        tool("amtool"), "config", "routes", "test", f"--config.file={config}",
        f"--verify.receivers={receiver}", f"severity={severity}",
    )  # fmt: skip
    assert receiver in said.splitlines()


def test_dashboards_are_those_of_their_table() -> None:
    path = INFRA / "grafana" / "make_dashboards.py"
    spec = importlib.util.spec_from_file_location("make_dashboards", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert {file.stem for file in DASHBOARDS} == made.DASHBOARDS.keys()
    for file in DASHBOARDS:
        assert file.read_text("utf-8") == made.rendered(file.stem)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_expression_of_a_dashboard_is_promql(path: Path, tmp_path: Path) -> None:
    assert len(expressions(path)) > 5
    check_expressions(tmp_path, expressions(path), 0)
    check_expressions(tmp_path, ["sum by (le (x)"], 1)


def test_rules_and_dashboards_name_metrics_that_exist() -> None:
    known = {metric.name for metric in METRICS} | GAUGES | {REQUESTS, DURATIONS}
    texts = [RULES.read_text("utf-8"), *(expr for path in DASHBOARDS for expr in expressions(path))]
    named = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for text in texts
        for name in re.findall(r"\b(?:grading|http|viatique)_[a-z_]+\b", text)
    }
    assert named
    assert named <= known


def test_the_compose_file_fits_the_specification() -> None:
    check = Path(sys.executable).with_name("check-jsonschema")
    run(check, "--builtin-schema", "vendor.compose-spec", INFRA / "compose.yaml")


def test_compose_names_files_that_exist_and_images_of_one_version() -> None:
    for service in COMPOSE["services"].values():
        assert re.search(r":v?\d+\.\d+", service["image"])
        for volume in service.get("volumes", []):
            source = volume if isinstance(volume, str) else volume["source"]
            if source.startswith("./"):
                assert (INFRA / source.partition(":")[0]).exists(), source
    wanted = {
        "postgres", "redis", "prefect", "ocr", "pdf", "house", "api", "dashboard", "prometheus",
        "alertmanager", "grafana", "loki", "alloy", "metrics",
    }  # fmt: skip
    assert wanted <= COMPOSE["services"].keys()


def test_compose_opens_ports_to_this_machine_only() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_compose_sets_what_prefect_knows() -> None:
    names = set(COMPOSE["services"]["prefect"]["environment"])
    wanted = {name for name in names if name.startswith("PREFECT_")}
    code = (
        "import sys, importlib\n"
        "from prefect.settings.legacy import _get_settings_fields\n"
        "import prefect.settings as s\n"
        "known = set(_get_settings_fields(s.Settings))\n"
        "print([n for n in sys.argv[1:] if n not in known and 'REDIS' not in n])\n"
        "for m in ('messaging', 'ordering', 'lease_storage'):\n"
        "    importlib.import_module('prefect_redis.' + m)\n"
    )
    said = run(sys.executable, "-c", code, *sorted(wanted))
    assert said.splitlines()[-1] == "[]"


def test_the_image_runs_as_nobody_in_particular_and_copies_what_is_there() -> None:
    lines = (INFRA / "Dockerfile").read_text("utf-8").splitlines()
    final = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM")) :]
    (user,) = [line.split()[1] for line in final if line.startswith("USER")]
    assert int(user) > 0
    assert all(re.search(r":\d+\.\d+", line) for line in lines if line.startswith("FROM"))
    copied = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--)", line)]
    assert copied
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    binaries = Path(sys.executable).parent
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/viatique/bin", str(binaries))
        (tmp_path / unit.name).write_text(text, "utf-8")
    said = run(
        "env", f"SYSTEMD_UNIT_PATH={tmp_path}:", analyze, "verify", "--man=no",
        *sorted(tmp_path.iterdir()),
    )  # fmt: skip
    assert said == ""


def test_units_run_the_programs_of_the_compose_file() -> None:
    started = {
        line.rpartition("/bin/")[2].partition(" --")[0].removeprefix("viatique ")
        for unit in UNITS
        for line in unit.read_text("utf-8").splitlines()
        if line.startswith("ExecStart=")
    }
    assert len(started) == 6
    assert os.access(Path(sys.executable).with_name("viatique"), os.X_OK)


def test_the_example_of_the_environment_names_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (INFRA / "compose.yaml").read_text("utf-8")))
    example = (INFRA / ".env.example").read_text("utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == asked
