package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	// keeperPort is where etcd listens on a real first node.
	keeperPort = "2379"
	// glance is how long the keeper may take to show its generation.
	glance = 2 * time.Second
	// transfer is how long a dump may take to or from the disk.
	transfer = 20 * time.Second
)

// keeper is the program that holds the dump on the node's disk.
type keeper struct {
	client *http.Client
	url    string
	id     string // the cluster's, without which the keeper shows nothing
}

func newKeeper(address, id string) *keeper {
	return &keeper{
		client: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, DisableCompression: true}},
		url:    "http://" + net.JoinHostPort(address, keeperPort) + "/registry",
		id:     id,
	}
}

// generation asks which dump the disk holds.
func (k *keeper) generation(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	generation, _, err := k.do(ctx, http.MethodHead, nil, "")
	return generation, err
}

// get fetches the dump.
func (k *keeper) get(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, transfer)
	defer cancel()
	shown, dump, err := k.do(ctx, http.MethodGet, nil, "")
	if err == nil && shown != generation(dump) {
		err = fmt.Errorf("the keeper's dump is %s and not %s, as it says", generation(dump), shown)
	}
	return dump, err
}

// put replaces the dump of generation over; any other one is left alone, and
// that is an error.
func (k *keeper) put(ctx context.Context, dump []byte, over string) error {
	ctx, cancel := context.WithTimeout(ctx, transfer)
	defer cancel()
	_, _, err := k.do(ctx, http.MethodPut, dump, over)
	return err
}

// do returns the generation that the answer shows and its body.
func (k *keeper) do(ctx context.Context, method string, body []byte, over string) (string, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, k.url, bytes.NewReader(body))
	if err != nil {
		return "", nil, err
	}
	req.Header.Set("Authorization", "Bearer "+k.id)
	if method == http.MethodPut {
		req.Header.Set("If-Match", quote(over))
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, fmt.Errorf("%s %s: %w", method, k.url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("%s %s: %s: %s", method, k.url, resp.Status, bytes.TrimSpace(answer))
	}
	return strings.Trim(resp.Header.Get("ETag"), `"`), answer, nil
}

func quote(generation string) string { return `"` + generation + `"` }
