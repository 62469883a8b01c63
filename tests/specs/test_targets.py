"""Targets and what is filled into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.errors import LakeError, LakewrightError, SpecError, UsageError
from lakewright.specs import Project, load_project, resolve_secrets, resolve_target
from specs.builders import found_in, project_of

SETTINGS = (
    "name: shop\n"
    "targets:\n"
    "  dev: {lake: .lake}\n"
    '  prod: {lake: "${env:LAKE}/shop", engine: sail, environment: prod, protected: true}\n'
)


def read(path: str) -> str:
    return {"/run/secret": "s3cret\n"}[path] if path == "/run/secret" else fail(path)


def fail(path: str) -> str:
    raise FileNotFoundError(path)


def project(more: str = "") -> Project:
    return project_of({}, SETTINGS + more)


def test_a_relative_lake_lies_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "lakewright.yml").write_text(SETTINGS)
    target = resolve_target(load_project(tmp_path), "dev", {}, "ana")
    assert target.lake == str(tmp_path.resolve() / ".lake")


def test_a_lake_elsewhere_is_filled_in() -> None:
    target = resolve_target(project(), "prod", {"LAKE": "s3://b"}, "ana")
    assert (target.lake, target.environment, target.protected) == ("s3://b/shop", "prod", True)


@pytest.mark.parametrize(
    ("user", "environment"),
    [
        ("ana", "dev_ana"),
        ("Ana.Maria", "dev_ana_maria"),
        ("CORP\\x", "dev_corp_x"),
        ("ü", "dev_user"),
    ],
)
def test_without_an_environment_it_is_the_users_own(user: str, environment: str) -> None:
    assert resolve_target(project(), "dev", {}, user).environment == environment


def test_whether_an_engine_was_said_is_known() -> None:
    known = project().targets
    assert (known["dev"].explicit_engine, known["prod"].explicit_engine) == (False, True)


def test_a_spark_connect_server_is_a_setting_for_spark_and_filled_in() -> None:
    found = project('  far: {lake: x, engine: spark, remote: "sc://there:15002/;token=${env:T}"}\n')
    conf = resolve_target(found, "far", {"T": "hush"}, "ana").conf
    assert conf == {"remote": "sc://there:15002/;token=hush"}


def test_a_remote_that_is_no_address_of_spark_connect_is_refused() -> None:
    found = found_in(project_of({}, SETTINGS + '  far: {lake: x, remote: "http://there"}\n'))
    assert [code for code, _, _ in found] == ["LW122"]


def test_the_default_target_is_used_when_none_is_named() -> None:
    assert resolve_target(project("default_target: dev\n"), None, {}, "a").name == "dev"


def test_the_only_target_needs_no_default() -> None:
    only = project_of({}, "name: shop\ntargets: {one: {lake: x}}\n")
    assert resolve_target(only, None, {}, "a").name == "one"


@pytest.mark.parametrize(("name", "code"), [(None, "LW184"), ("prd", "LW180")])
def test_a_target_that_cannot_be_chosen_is_a_usage_error(name: str | None, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_target(project(), name, {}, "a")
    assert caught.value.code == code


def test_a_variable_that_is_not_set_is_an_error_of_the_surroundings() -> None:
    with pytest.raises(LakeError) as caught:
        resolve_target(project(), "prod", {}, "a")
    assert (caught.value.code, caught.value.exit_code) == ("LW181", 5)


def test_a_default_target_that_does_not_exist_is_reported() -> None:
    assert found_in(project("default_target: prd\n")) == [("LW180", 5, 17)]


def test_a_wrong_environment_is_reported_at_its_place() -> None:
    wrong = project_of({}, "name: shop\ntargets:\n  a: {lake: x, environment: a-b}\n")
    assert found_in(wrong) == [("LW103", 3, 29)]


def test_a_key_of_a_later_version_is_said_to_be_one() -> None:
    later = project_of({}, "name: shop\ntargets:\n  pr: {lake: x, project: {lake: y}}\n")
    assert found_in(later) == [("LW124", 3, 17)]


def test_another_reference_in_a_target_is_refused_when_it_is_read() -> None:
    wrong = project_of({}, "name: shop\ntargets:\n  a: {lake: '${LAKE}', conf: {k: '${x}'}}\n")
    assert [code for code, _, _ in found_in(wrong)] == ["LW182", "LW182"]


def test_references_are_filled_in_once() -> None:
    text = "a ${env:A} ${file:/run/secret}"
    assert resolve_secrets(text, {"A": "${env:B}"}, read) == "a ${env:B} s3cret"


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("${env:NOPE}", LakeError, "LW181"),
        ("${file:/gone}", LakeError, "LW183"),
        ("${sys:user}", SpecError, "LW182"),
        ("${env:A", SpecError, "LW182"),
        ("${${env:A}}", SpecError, "LW182"),
    ],
)
def test_what_cannot_be_filled_in_is_an_error(
    text: str, kind: type[LakewrightError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        resolve_secrets(text, {}, read)
    assert caught.value.code == code


BASE = '  pr: {lake: .prs, base: {lake: "${env:LAKE}/shop", environment: prod}}\n'


def test_a_base_is_kept_as_written_beside_its_place() -> None:
    target = resolve_target(project(BASE), "pr", {"LAKE": "s3://b"}, "ana")
    assert target.base is not None
    assert target.base.written == "${env:LAKE}/shop"
    assert (target.base.lake, target.base.environment) == ("s3://b/shop", "prod")


def test_a_target_without_a_base_has_none() -> None:
    assert resolve_target(project(), "dev", {}, "ana").base is None


def test_a_base_needs_its_variables() -> None:
    with pytest.raises(LakeError) as error:
        resolve_target(project(BASE), "pr", {}, "ana")
    assert error.value.code == "LW181"


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ("{lake: x}", "LW121"),
        ("{lake: x, environment: prod, more: 1}", "LW120"),
        ("{lake: x, environment: Pro-d}", "LW103"),
        ('{lake: "${x}", environment: prod}', "LW182"),
    ],
)
def test_a_wrong_base_is_told(base: str, code: str) -> None:
    settings = f"name: shop\ntargets:\n  pr: {{lake: x, base: {base}}}\n"
    assert [found for found, _, _ in found_in(project_of({}, settings))] == [code]
