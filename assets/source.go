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
	"strconv"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// span is what is wanted of a file.
type span struct {
	from      int64  // the first byte
	validator string // what the server compares its file with (RFC 9110, If-Range); empty: nothing
}

// source is an opened download, from the span's first byte on, or from 0 where the
// server would not.
type source struct {
	io.ReadCloser
	start     int64  // the first byte that it gives
	total     int64  // the size of the whole file; 0 if unknown
	validator string // what If-Range may hold later; empty if nothing may
}

// open opens what the address names.
func open(ctx context.Context, address string, ask span) (*source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &refusal{err}
	}
	if u.Scheme == "file" {
		return openFile(u.Path, ask)
	}
	return openHTTP(ctx, address, ask)
}

func openFile(path string, ask span) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &refusal{err}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &refusal{fmt.Errorf("%s is not a regular file", path)}
	}
	src := &source{ReadCloser: f}
	if err == nil {
		src.total, src.validator = info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano)
		if ask.from <= src.total && (ask.validator == "" || ask.validator == src.validator) {
			src.start, err = f.Seek(ask.from, io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return src, nil
}

// headerTimeout is how long a server may take to begin an answer.
const headerTimeout = 30 * time.Second

func openHTTP(ctx context.Context, address string, ask span) (*source, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &refusal{err}
	}
	request.Header.Set("Accept-Encoding", "identity") // the bytes as they are: they are hashed
	if ask.from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", ask.from))
		if ask.validator != "" {
			request.Header.Set("If-Range", ask.validator)
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // which heeds HTTPS_PROXY and NO_PROXY
	transport.ResponseHeaderTimeout = headerTimeout
	transport.DisableKeepAlives = true
	end := change.Trace(ctx, "request", "url", redacted(address), "from", ask.from)
	response, err := (&http.Client{Transport: transport, CheckRedirect: redirect}).Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		failed.URL = redacted(failed.URL)
	}
	end(err)
	if err != nil {
		return nil, err
	}
	src, err := fromResponse(response, ask.from)
	if err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return src, nil
}

// redirect follows a few times, and never from a connection that is protected to one
// that is not.
func redirect(to *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 10:
		return &refusal{errors.New("the server redirects again and again")}
	case via[len(via)-1].URL.Scheme == "https" && to.URL.Scheme != "https":
		return &refusal{fmt.Errorf("the server redirects from https to %s", redacted(to.URL.String()))}
	}
	return nil
}

// fromResponse takes a 200 from the start and a 206 only where it continues.
func fromResponse(response *http.Response, from int64) (*source, error) {
	src := &source{ReadCloser: response.Body, validator: validatorOf(response.Header)}
	switch response.StatusCode {
	case http.StatusOK:
		src.total = max(response.ContentLength, 0)
		return src, nil
	case http.StatusPartialContent:
		first, total, err := contentRange(response.Header.Get("Content-Range"))
		if err != nil || first != from {
			return nil, &refusal{fmt.Errorf("the server answered a range that was not asked for: %q", response.Header.Get("Content-Range"))}
		}
		src.start, src.total = first, total
		return src, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, errShrunk
	default:
		return nil, &status{response.StatusCode, response.Status}
	}
}

// errShrunk says that the server's file ends before what was asked for.
var errShrunk = errors.New("the server's file is shorter than what came of it")

// contentRange reads a range to the end of a file: "bytes 5-9/10", or "bytes 5-9/*" where
// the size is unknown, which is 0 (RFC 9110, section 14.4).
func contentRange(header string) (first, total int64, err error) {
	unit, rest, _ := strings.Cut(header, " ")
	span, size, ok := strings.Cut(rest, "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !dash || !strings.EqualFold(unit, "bytes") {
		return 0, 0, errors.New("not a range of bytes")
	}
	first, err = natural(from)
	last, err2 := natural(to)
	if err = errors.Join(err, err2); err != nil {
		return 0, 0, err
	}
	if size != "*" {
		if total, err = natural(size); err != nil {
			return 0, 0, err
		}
		if last != total-1 {
			return 0, 0, errors.New("not a range to the end")
		}
	}
	if first > last {
		return 0, 0, errors.New("an empty range")
	}
	return first, total, nil
}

// natural reads digits and nothing else.
func natural(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err // 63 bits fit
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
		return strings.Contains(address.Err.Error(), "protocol scheme")
	default:
		return false
	}
}

// redacted is the address without what may be secret: a password, a name without one, which
// is a token as a rule, and the query, by which a presigned URL opens what it names.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an unreadable URL"
	}
	if u.RawQuery != "" {
		u.RawQuery = "..."
	}
	if _, password := u.User.Password(); u.User != nil && !password {
		u.User = url.User("xxxxx")
	}
	return u.Redacted()
}
