"""Refused snapshots. A real snapshot contains secrets, so none is recorded."""

from __future__ import annotations

from scripts.recording.recorder import Recorder


def record(recorder: Recorder) -> None:
    """Record snapshot.*."""
    recorder.denials("snapshot.save", "/v1/snapshot")
    recorder.case("snapshot.restore", "no-gzip", "/v1/snapshot", body="this is no snapshot", status=500)
    recorder.case("snapshot.restore", "empty", "/v1/snapshot", status=500)
    recorder.denials("snapshot.restore", "/v1/snapshot", body="this is no snapshot")
