package main

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"
)

// most is the largest content, in bytes.
const most = 64 << 20

// handler is the shelf's HTTP interface, for those who know the cluster's
// identity; the ETag is the generation:
//
//	GET /registry  the content
//	PUT /registry  replaces the generation in If-Match; 412 if another is there
func handler(s *shelf, id string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /registry", func(w http.ResponseWriter, _ *http.Request) {
		content, generation := s.get()
		w.Header().Set("ETag", `"`+generation+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(content) //nolint:errcheck // the caller has gone away, then
	})
	mux.HandleFunc("PUT /registry", func(w http.ResponseWriter, r *http.Request) {
		over, ok := strings.CutPrefix(r.Header.Get("If-Match"), `"`)
		if !ok {
			http.Error(w, "If-Match has to name the generation that is replaced", http.StatusPreconditionRequired)
			return
		}
		content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		switch err := s.put(content, strings.TrimSuffix(over, `"`)); {
		case errors.Is(err, errOther):
			http.Error(w, err.Error(), http.StatusPreconditionFailed)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+id)) != 1 {
			http.Error(w, "this is another cluster's", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
