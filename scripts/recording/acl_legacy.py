"""The ACL endpoints from before 1.4: Consul 1.8 still has them, 1.22 answers 404."""

from __future__ import annotations

from scripts.recording.recorder import Recorder

_UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
_RULES = 'key "app/" { policy = "read" }'


def record(recorder: Recorder) -> None:
    """Record acl.legacy.*."""
    gone = None if recorder.old else 404
    create, update = "acl.legacy.create", "acl.legacy.update"
    made = recorder.case(create, "created", "/v1/acl/create", body={"Name": "web", "Type": "client", "Rules": _RULES}, status=gone or 200)
    recorder.case(create, "bad-type", "/v1/acl/create", body={"Type": "king"}, status=gone or 500)
    recorder.case(create, "bad-rules", "/v1/acl/create", body={"Rules": "key {"}, status=gone or 500)
    recorder.case(create, "not-json", "/v1/acl/create", body="{", status=gone or 400)
    recorder.denials(create, "/v1/acl/create", body={"Name": "web"})
    token = _UNKNOWN
    if recorder.old:
        said = made.json()
        assert isinstance(said, dict)
        token = str(said["ID"])
    recorder.case(update, "updated", "/v1/acl/update", body={"ID": token, "Name": "web app", "Rules": _RULES}, status=gone or 200)
    recorder.case(update, "no-id", "/v1/acl/update", body={"Name": "web"}, status=gone or 400)
    recorder.case(update, "not-json", "/v1/acl/update", body="{", status=gone or 400)
    recorder.denials(update, "/v1/acl/update", body={"ID": token, "Name": "web"})
    info, clone, destroy = "acl.legacy.info", "acl.legacy.clone", "acl.legacy.destroy"
    recorder.case(info, "found", f"/v1/acl/info/{token}", status=gone or 200)
    recorder.case(info, "unknown", f"/v1/acl/info/{_UNKNOWN}", status=gone or 200)
    recorder.case(info, "no-id", "/v1/acl/info/", status=gone or 400)
    recorder.case(clone, "cloned", f"/v1/acl/clone/{token}", status=gone or 200)
    recorder.case(clone, "unknown", f"/v1/acl/clone/{_UNKNOWN}", status=gone or 403)
    recorder.case(clone, "no-id", "/v1/acl/clone/", status=gone or 400)
    recorder.denials(clone, f"/v1/acl/clone/{token}")
    recorder.case("acl.legacy.list", "several", "/v1/acl/list", status=gone or 200)
    recorder.denials("acl.legacy.list", "/v1/acl/list")
    recorder.denials(destroy, f"/v1/acl/destroy/{token}")
    recorder.case(destroy, "destroyed", f"/v1/acl/destroy/{token}", status=gone or 200)
    recorder.case(destroy, "unknown", f"/v1/acl/destroy/{_UNKNOWN}", status=gone or 200)
    recorder.case(destroy, "anonymous", "/v1/acl/destroy/anonymous", status=gone or 403)
    recorder.case(destroy, "no-id", "/v1/acl/destroy/", status=gone or 400)
