package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"wiabctl/provision/change"
)

// readURL brings a file of at most so many bytes (http:, https: or file:), with the same
// patience as a download. It fails with DownloadFailed.
func readURL(ctx context.Context, url string, most int64, say change.Progress) ([]byte, error) {
	var content []byte
	err := change.Condition{
		Description: redacted(url),
		Deadline:    patience,
		Interval:    250 * time.Millisecond,
		Check: func(ctx context.Context) (err error) {
			if content, err = readOnce(ctx, url, most); err != nil && refused(err) {
				err = change.Never(err)
			}
			return err
		},
	}.Await(ctx, say)
	switch {
	case err == nil:
		return content, nil
	case change.Left(ctx) != nil:
		return nil, change.Left(ctx)
	}
	return nil, DownloadFailed.Failf("%s: %w", redacted(url), err)
}

func readOnce(ctx context.Context, url string, most int64) ([]byte, error) {
	src, err := open(ctx, url, span{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	content, err := io.ReadAll(io.LimitReader(until{ctx, src}, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(content)) > most:
		return nil, &refusal{fmt.Errorf("it is larger than %s", amount(float64(most)))}
	case len(content) == 0:
		return nil, &refusal{errors.New("it is empty")}
	}
	return content, nil
}
