"""HTTP/1.1 without sockets: the client's side and the server's side."""
