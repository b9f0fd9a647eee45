"""The judge of logs finds everything that must not happen: each log here is wrong in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.chaos.records import Log, Record, parse
from tests.recipes.chaos.report import as_text
from tests.recipes.chaos.verdict import Verdict, judge

TTL = 5.0


def hold(who: str, entered: float, left: float, token: int | None, **more: object) -> list[Record]:
    leave = {"believed": left, **more}
    return [Record("enter", entered, who, 1, token), Record("leave", left, who, 1, None, **leave)]  # type: ignore[arg-type] # of a test


#: Everybody once after the end of the faults.
END = [Record("calm", 100), *hold("a", 101, 102, 90), *hold("b", 102, 103, 91)]


def verdict(*records: list[Record], limit: int = 1) -> Verdict:
    return judge([record for several in (*records, END) for record in several], ttl=TTL, expected=["a", "b"], limit=limit)


def test_a_good_log_has_no_violations() -> None:
    found = verdict(hold("a", 1, 2, 10), hold("b", 2, 3, 11), hold("a", 3.5, 4, 12), hold("consul lock 1", 4, 5, None))
    assert found.violations == found.official == []
    assert len(found.holds) == 6


@pytest.mark.parametrize(
    ("records", "says"),
    [
        pytest.param([*hold("a", 1, 3, 10), *hold("b", 2.999, 4, 11)], "a (1.000 to 3.000, token 10) was still there when b", id="overlap"),
        pytest.param([*hold("a", 1, 9, 10), *hold("b", 2, 3, 11), *hold("b", 4, 5, 12)], "when b (4.000", id="overlap with a later one"),
        pytest.param([*hold("a", 1, 9, 10), *hold("b", 2, 3, 11)], "when b (2.000", id="one inside the other"),
        pytest.param([*hold("a", 1, 3, 10), *hold("consul lock 1", 2, 4, None)], "a (1.000 to 3", id="overlap with the official one"),
        pytest.param([*hold("a", 1, 2, 10), *hold("b", 3, 4, 10)], "is not larger than", id="equal tokens"),
        pytest.param([*hold("a", 1, 2, 10), *hold("b", 3, 4, 9), *hold("a", 5, 6, 11)], "token of b", id="smaller token"),
        pytest.param([*hold("a", 1, 2, 10), *hold("consul lock 1", 3, 4, None), *hold("b", 5, 6, 9)], "token of b", id="between others"),
        pytest.param([*hold("a", 1, 2, None)], "no fencing token", id="no token"),
        pytest.param([Record("enter", 1, "a", 1, 10)], "entered twice", id="entered twice"),
        pytest.param([Record("enter", 104, "a", 1, 99)], "never left", id="never left"),
        pytest.param([Record("enter", 1, "c", 1, 10)], "c (1.000 to ?, token 10) was still there when a", id="never left, and others came"),
        pytest.param([Record("enter", 1, "a", 1, 10), Record("ended", 3, "a"), *hold("b", 2, 4, 11)], "a (1.000 to 3", id="killed late"),
        pytest.param([Record("leave", 1, "a", 1)], "never entered", id="never entered"),
        pytest.param([Record("calm", 101.5)], "a did not get the lock", id="not everybody"),
        pytest.param([Record("calm", 104)], "b did not get the lock", id="nobody"),
    ],
)
def test_a_bad_log_is_noticed(records: list[Record], says: str) -> None:
    assert any(says in violation for violation in verdict(records).violations), verdict(records).violations


def test_a_log_without_an_end_is_noticed() -> None:
    assert judge(hold("a", 1, 2, 3), ttl=TTL, expected=[]).violations == ['the log has no record "calm": the run did not end']


def test_an_official_holder_that_leaves_late_is_reported_apart() -> None:
    found = verdict(hold("consul lock 1", 1, 3, None), hold("b", 2, 4, 11))
    assert found.violations == []
    assert found.official == ["consul lock 1 (1.000 to 3.000, token None) was still there when b (2.000 to 4.000, token 11) entered"]


def test_an_official_holder_whose_process_was_killed_ends_with_it() -> None:
    killed = [Record("enter", 1, "consul lock 1", 1), Record("ended", 3, "consul lock 1")]
    assert verdict(killed, hold("b", 3, 4, 11)).official == []
    assert len(verdict(killed, hold("b", 2, 4, 11)).official) == 1


def paused(since: float, until: float, pid: int = 1) -> list[Record]:
    return [Record("paused", since, pid=pid), Record("resumed", until, pid=pid)]


def other(who: str, entered: float, left: float, token: int) -> list[Record]:
    """Somebody of another process."""
    return [Record("enter", entered, who, 2, token), Record("leave", left, who, 2, believed=left)]


def test_the_window_of_a_holder_that_was_stopped_is_no_overlap() -> None:
    found = verdict(hold("a", 1, 20.01, 10, believed=1.5, text="lost"), paused(1.6, 20), other("b", 15, 25, 11))
    assert found.violations == []
    assert found.windows == [pytest.approx(0.01)]


def test_a_holder_that_was_stopped_and_believes_on_is_an_overlap() -> None:
    late = verdict(hold("a", 1, 21, 10, believed=20.5), paused(1.6, 20), other("b", 15, 25, 11))
    assert any("was still there when b" in violation for violation in late.violations)
    assert any("still believed" in violation for violation in late.violations)


def test_a_holder_must_see_its_loss_first_even_if_nobody_else_came() -> None:
    assert len(verdict(hold("a", 1, 21, 10, believed=20), paused(1.6, 20)).violations) == 1
    assert verdict(hold("a", 1, 4, 10, believed=3.9), paused(1.6, 3)).violations == []  # within the TTL


def test_the_pause_of_another_process_excuses_nobody() -> None:
    assert len(verdict(hold("a", 1, 20.01, 10, believed=1.5, text="lost"), paused(1.6, 20, pid=3), other("b", 15, 25, 11)).violations) == 1


def test_a_pause_before_or_after_excuses_nobody() -> None:
    late = hold("a", 30, 40, 10, believed=31), other("b", 35, 41, 11)
    assert len(verdict(*late, paused(1, 29)).violations) == 1
    assert len(verdict(*late, paused(40.5, 60)).violations) == 1


def test_a_holder_that_was_stopped_before_its_block_began_held_nothing() -> None:
    assert verdict(hold("a", 20.01, 20.02, 10, believed=None, text="lost"), paused(1.6, 20), other("b", 15, 25, 11)).violations == []


def test_a_semaphore_has_as_many_holders_as_its_limit() -> None:
    two = hold("a", 1, 5, 10), other("b", 2, 5, 11)
    assert verdict(*two, limit=2).violations == []
    assert len(verdict(*two, hold("c", 4, 5, 12), limit=2).violations) == 2
    assert verdict(*two, hold("c", 5, 6, 12), limit=2).violations == []


def test_errors_are_counted() -> None:
    assert verdict([Record("error", 1, "a", text="no leader")] * 2).errors == {"no leader": 2}


def test_the_report_names_what_was_done_and_what_went_wrong() -> None:
    killed = [Record("killed", 1, text="the leader, server-1"), Record("killed", 2, text="the leader, server-2")]
    records = [*killed, *hold("a", 1, 4, 10, text="lost"), *hold("consul lock 1", 3, 4, None), *END]
    text = as_text("a title", records, judge(records, ttl=TTL, expected=["a", "b"]))
    assert text.startswith("a title\n")
    assert "killed: the leader 2 times" in text
    assert "held 4 times: 2 by a, 1 by b, 1 by consul lock" in text
    assert "of ours: 1 lost" in text
    assert "VIOLATIONS: 1\n    a (1.000 to 4.000, token 10) was still there when consul lock 1" in text
    assert "no violations" in as_text("", END, judge(END, ttl=TTL, expected=["a", "b"]))


def test_records_are_written_and_read(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    records = [*hold("a", 1.5, 2, 10), *paused(1, 2), Record("calm", 0)]
    for record in records:
        log.write(record)
    log.close()
    with log.path.open() as lines:
        assert list(parse(lines)) == records
