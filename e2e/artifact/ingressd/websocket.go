package main

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
)

// websocket is cannon's WebSocket (RFC 6455). Whoever brings a token gets one, and all that comes over it
// back; nobody else does.
func websocket(rw http.ResponseWriter, req *http.Request) {
	if req.URL.Query().Get("access_token") == "" || req.Header.Get("Upgrade") != "websocket" {
		refuse(http.StatusUnauthorized, "unauthorized")(rw, req)
		return
	}
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	io.Copy(conn, buffered) //nolint:errcheck // the end of a connection, however it comes
}
