"""A public key for auth methods; its private key was thrown away."""

from __future__ import annotations

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE
rpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==
-----END PUBLIC KEY-----
"""
