"""Settings: where they come from, which source comes first, and what is said about wrong ones."""

from __future__ import annotations

import json

import pytest

from sogdia.cli.running import run
from sogdia.settings.sections import RELOADED, Settings, address_of
from sogdia.settings.sources import FIELDS, VARIABLES, SettingsWrong, description, gather

FILE = '[log]\nlevel = "warning"\nrepeats_max = 3\n\n[metrics]\nlisten = "127.0.0.1:9464"\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "house.toml"
    path.write_text(FILE, "utf-8")
    return path


def faults_of(file, text="", environment=None, command_line=None):
    if text:
        file.write_text(text, "utf-8")
    with pytest.raises(SettingsWrong) as wrong:
        gather(file, environment, command_line)
    return wrong.value.faults


def test_without_anything_given_all_settings_have_their_defaults():
    found = gather()

    assert found.settings == Settings()
    assert found.origins == {}


def test_a_file_comes_before_a_default_and_says_its_line(file):
    found = gather(file)

    assert found.settings.log.level == "warning"
    assert found.origins["log.level"] == f"{file}:2"
    assert found.origins["metrics.listen"] == f"{file}:6"
    assert found.settings.log.format == "text"


def test_the_environment_comes_before_the_file(file):
    found = gather(file, {"SOGDIA_LOG_LEVEL": "error", "SOGDIA_LOG_REPEATS_MAX": "7", "SOGDIA_NOTICES_NEWS": "false"})

    assert (found.settings.log.level, found.settings.log.repeats_max) == ("error", 7)
    assert found.settings.notices.news is False
    assert found.origins["log.level"] == "environment SOGDIA_LOG_LEVEL"


def test_the_command_line_comes_before_the_environment(file):
    found = gather(file, {"SOGDIA_LOG_LEVEL": "error"}, {"log.level": "debug", "log.format": None})

    assert found.settings.log.level == "debug"
    assert found.origins["log.level"] == "command line"


def test_other_variables_of_ours_are_no_settings():
    found = gather(None, {"SOGDIA_NODE": "house", "SOGDIA_PASSPHRASE": "silk", "SOGDIA_SEED": "7", "PATH": "/bin"})

    assert found.origins == {}


@pytest.mark.parametrize(
    ("text", "line", "key", "way_out"),
    [
        ('[log]\n\nlevle = "info"\n', 3, "log.levle", "log.level"),
        ('[lag]\nlevel = "info"\n', 1, "lag", "log"),
        ("log = 3\n", 1, "log", "[log]"),
        ("[log]\nrepeats_max = 0\n", 2, "log.repeats_max", "from 1 to 10000"),
        ("[log]\nrepeats_max = 10001\n", 2, "log.repeats_max", "from 1 to 10000"),
        ('[log]\nrepeats_max = "3"\n', 2, "log.repeats_max", "from 1 to 10000"),
        ('[log]\nlevel = "loud"\n', 2, "log.level", "debug, error, info, warning"),
        ('[metrics]\nlisten = "9464"\n', 2, "metrics.listen", "host and port"),
        ('[notices]\nsmtp_host = "mail.example"\n', 2, "notices.smtp_host", "notices.mail_from"),
        (
            '[notices]\nsms_url = "https://x.example/{secret}"\n',
            0,
            "notices.sms_secret_file",
            "notices.sms_secret_file",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_the_way_out(file, text, line, key, way_out):
    (fault,) = faults_of(file, text)

    assert fault.key == key
    assert fault.where == (f"{file}:{line}" if line else "default")
    assert way_out in fault.way_out


@pytest.mark.parametrize(("least", "most"), [(1, 10_000)])
def test_bounds_themselves_are_taken(file, least, most):
    for value in (least, most):
        file.write_text(f"[log]\nrepeats_max = {value}\n", "utf-8")
        assert gather(file).settings.log.repeats_max == value


def test_every_fault_of_every_source_is_told_at_once(file):
    faults = faults_of(
        file, "[log]\nlevle = 1\nformat = 2\n", {"SOGDIA_LOG_LEVLE": "info"}, {"metrics.stuck_seconds": "1"}
    )

    assert [each.key for each in faults] == ["log.levle", "log.format", "metrics.stuck_seconds", "SOGDIA_LOG_LEVLE"]


@pytest.mark.parametrize("raw", [b"[log\n", b"[log]\nlevel = info\n", b"\xff\xfe", b"a = 1\n" * 200_000])
def test_what_is_no_settings_file_is_refused_in_words(tmp_path, raw):
    path = tmp_path / "wrong.toml"
    path.write_bytes(raw)

    with pytest.raises(SettingsWrong):
        gather(path)


def test_a_missing_file_is_told_by_its_path(tmp_path):
    with pytest.raises(SettingsWrong, match=r"gone\.toml"):
        gather(tmp_path / "gone.toml")


def test_every_setting_says_what_it_is_for_and_has_its_own_variable():
    assert [key for key in FIELDS if not description(key)] == []
    assert len(VARIABLES) == len(FIELDS)
    assert set(FIELDS) >= RELOADED


# ------------------------------------------------------------------------------------------------- the command line


def test_check_tells_programs_every_fault(file, capfd, monkeypatch):
    monkeypatch.delenv("SOGDIA_LOG_LEVEL", raising=False)
    file.write_text("[log]\nlevle = 1\n", "utf-8")

    status = run(["config", "check", str(file), "--json"])

    document = json.loads(capfd.readouterr().out)
    assert status == 2
    (fault,) = document["error"]["faults"]
    assert (fault["where"], fault["key"], fault["way_out"]) == (f"{file}:2", "log.levle", "Did you mean log.level?")


def test_show_tells_where_each_setting_comes_from(file, capfd, monkeypatch):
    monkeypatch.setenv("SOGDIA_LOG_LEVEL", "error")

    assert run(["config", "check", str(file)]) == 0
    assert run(["config", "show", "--config", str(file)]) == 0

    lines = capfd.readouterr().out.splitlines()
    assert 'log.level = "error"    (environment SOGDIA_LOG_LEVEL)' in lines
    assert f"log.repeats_max = 3    ({file}:3)" in lines
    assert 'log.format = "text"    (default)' in lines


# -------------------------------------------------------------------------------------------------- lists, addresses


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ('[api]\nallowed_origins = ["https://shop.example", "http://localhost:3000"]\n', {}),
        ("", {"SOGDIA_API_ALLOWED_ORIGINS": "https://shop.example, http://localhost:3000"}),
        ("", {"SOGDIA_API_ALLOWED_ORIGINS": "https://shop.example http://localhost:3000"}),
    ],
)
def test_a_list_is_an_array_in_a_file_and_a_text_elsewhere(file, text, environment):
    file.write_text(text, "utf-8")

    found = gather(file, environment)

    assert found.settings.api.allowed_origins == ("https://shop.example", "http://localhost:3000")


@pytest.mark.parametrize("wrong", ['"https://shop.example/path"', '"shop.example"', "3"])
def test_a_list_with_something_wrong_in_it_is_told_by_its_line(file, wrong):
    (fault,) = faults_of(file, f'[api]\nallowed_origins = ["https://a.example", {wrong}]\n')

    assert (fault.where, fault.key) == (f"{file}:2", "api.allowed_origins")
    assert "a list of at most 100 texts" in fault.way_out


@pytest.mark.parametrize("listen", ["127.0.0.1:65535", "[::1]:0", "localhost:8080"])
def test_addresses_are_taken_up_to_the_last_port(file, listen):
    file.write_text(f'[explorer]\nlisten = "{listen}"\n', "utf-8")

    assert address_of(gather(file).settings.explorer.listen)[1] == int(listen.rpartition(":")[2])


@pytest.mark.parametrize("listen", ["", "8080", "localhost:", "127.0.0.1:65536", "::1:8080", "a b:1"])
def test_what_is_no_address_is_refused(file, listen):
    (fault,) = faults_of(file, f'[api]\nlisten = "{listen}"\n')

    assert fault.key == "api.listen"
    assert "host and port" in fault.way_out
