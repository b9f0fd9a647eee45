"""The service mesh: intentions, authorization and the certificate authority."""
