"""What `consul lock` runs while it holds the lock: official_child.py LOG NAME SECONDS PORT KEY. It logs when it came and left.

If SECONDS is "-", it prints "entered", and leaves when it can read a line. It is started for each hold, so it imports little, and nothing
of the project.
"""

import http.client
import json
import os
import signal
import sys
import time

_, log, name, seconds, port, key = sys.argv
file = os.open(log, os.O_APPEND | os.O_WRONLY)


def write(what: str, **more: object) -> None:
    """Append a record; see records.py."""
    record = {"what": what, "at": time.clock_gettime(time.CLOCK_BOOTTIME), "who": name, "pid": os.getpid(), **more}
    os.write(file, json.dumps(record).encode() + b"\n")


def get(path: str) -> list[dict[str, str]]:
    """Return what the agent answers; nothing if it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=1)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        found: list[dict[str, str]] = json.loads(answer.read()) if answer.status == 200 else []
        return found
    except (OSError, http.client.HTTPException, ValueError):
        return []
    finally:
        connection.close()


def token() -> dict[str, object]:
    """Return the fencing token, if the key is locked by the session of our `consul lock`."""
    for entry in get(f"/v1/kv/{key}?consistent"):
        for session in get(f"/v1/session/info/{entry.get('Session')}"):
            if session["Name"] == name:
                return {"token": entry["ModifyIndex"]}
    return {}


class LockLost(Exception):
    """`consul lock` says that the lock is lost."""


def lose(*_: object) -> None:
    """Handle SIGTERM."""
    raise LockLost


lost, known = "", {}
signal.signal(signal.SIGTERM, lose)
try:
    write("enter")
    known = token()
    if seconds == "-":
        print("entered", flush=True)
        sys.stdin.readline()
    else:
        time.sleep(float(seconds))
except LockLost:
    lost = "lost"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
write("leave", **known, **({"text": lost} if lost else {}))
