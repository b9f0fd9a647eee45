"""Bearer tokens for logins, signed by a key that is made for each run."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

#: Seconds for which a bearer token is valid, and by how much the clocks may differ.
_LIFETIME, _LEEWAY = 600, 60


class Issuer:
    """Signs JSON Web Tokens (RFC 7519) with ES256."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        #: The config of an auth method of the type jwt that accepts these tokens. Their claim `name` becomes value.name.
        self.config: dict[str, Any] = {
            "JWTValidationPubKeys": [public.decode()],
            "JWTSupportedAlgs": ["ES256"],
            "BoundIssuer": "tests",
            "ClaimMappings": {"name": "name"},
        }

    def sign(self, name: str, *, issuer: str = "tests") -> str:
        """Return a bearer token. name: who logs in. issuer: a value other than "tests" is refused."""
        now = int(time.time())
        claims = {"iss": issuer, "name": name, "nbf": now - _LEEWAY, "exp": now + _LIFETIME}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT"}, claims))
        numbers = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
