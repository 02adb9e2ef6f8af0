package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWebSocket(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(websocket))
	t.Cleanup(server.Close)
	for name, tc := range map[string]struct {
		query, upgrade string
		status         int
	}{
		"with a token":        {"?access_token=x", "websocket", http.StatusSwitchingProtocols},
		"without":             {"", "websocket", http.StatusUnauthorized},
		"no WebSocket at all": {"?access_token=x", "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, server.URL+"/await"+tc.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			if tc.upgrade != "" {
				req.Header.Set("Connection", "Upgrade")
				req.Header.Set("Upgrade", tc.upgrade)
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tc.status {
				t.Fatal(resp.Status)
			}
			if tc.status != http.StatusSwitchingProtocols {
				return
			}
			// The sample of RFC 6455, section 1.3.
			if got := resp.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				t.Errorf("the key is answered %q", got)
			}
			both := resp.Body.(io.ReadWriter)
			answer := make([]byte, 2)
			if _, err := both.Write([]byte("ab")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(both, answer); err != nil || string(answer) != "ab" {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}
