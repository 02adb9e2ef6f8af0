package assets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// source is an opened download, from some byte on.
type source struct {
	io.ReadCloser
	start     int64  // the first byte that it gives
	total     int64  // the size of the whole file; 0 if unknown
	validator string // what If-Range may hold later; empty if nothing may
}

// open opens the address at the offset, or at 0 where that isn't possible.
func open(ctx context.Context, address string, offset int64, validator string) (*source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &refusal{err}
	}
	if u.Scheme == "file" {
		return openFile(u.Path)
	}
	return openHTTP(ctx, address, offset, validator)
}

func openFile(path string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &refusal{fmt.Errorf("%s is not a regular file", path)}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &source{ReadCloser: f, total: info.Size()}, nil
}

// headerTimeout is how long a server may take to begin an answer.
const headerTimeout = 30 * time.Second

func openHTTP(ctx context.Context, address string, offset int64, validator string) (*source, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &refusal{err}
	}
	request.Header.Set("Accept-Encoding", "identity") // the bytes as they are: they are hashed
	if offset > 0 && validator != "" {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		request.Header.Set("If-Range", validator)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = headerTimeout
	transport.DisableKeepAlives = true
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	src, err := fromResponse(response, offset)
	if err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return src, nil
}

// fromResponse takes a 200 from the start and a 206 only where it continues.
func fromResponse(response *http.Response, offset int64) (*source, error) {
	src := &source{ReadCloser: response.Body, validator: validatorOf(response.Header)}
	switch response.StatusCode {
	case http.StatusOK:
		src.total = max(response.ContentLength, 0)
		return src, nil
	case http.StatusPartialContent:
		var first, last, total int64
		if _, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); err != nil || first != offset {
			return nil, &refusal{fmt.Errorf("the server answered a range that was not asked for: %q", response.Header.Get("Content-Range"))}
		}
		src.start, src.total = first, total
		return src, nil
	default:
		return nil, &status{response.StatusCode, response.Status}
	}
}

// validatorOf is a strong ETag, else the modification date.
func validatorOf(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// refusal is an error that trying again doesn't cure.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// status is an HTTP status that brings no file.
type status struct {
	code int
	text string
}

func (s *status) Error() string { return "the server answers " + s.text }

// passing are the statuses that may be gone a moment later.
var passing = []int{
	http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// refused tells whether the source has said no for good.
func refused(err error) bool {
	var (
		no      *refusal
		answer  *status
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
		address *url.Error
	)
	switch {
	case errors.As(err, &no), errors.As(err, &cert):
		return true
	case errors.As(err, &answer):
		return !slices.Contains(passing, answer.code)
	case errors.As(err, &name):
		return name.IsNotFound
	case errors.As(err, &address):
		return strings.Contains(address.Err.Error(), "redirects") || strings.Contains(address.Err.Error(), "protocol scheme")
	default:
		return false
	}
}

// redacted is the address without a password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an unreadable URL"
	}
	return u.Redacted()
}
