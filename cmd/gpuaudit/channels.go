package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// statusOfChannels looks at every channel. That none is kept is no error where nobody said
// that there is one.
func (a *app) statusOfChannels(ctx context.Context, flag string, now time.Time) ([]reference.ChannelStatus, error) {
	dir, err := a.stateDir(flag)
	if err != nil {
		return nil, err
	}
	list, err := reference.ChannelsIn(ctx, dir, now)
	if flag == "" && errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	return list, err
}

func (a *app) printChannels(list []reference.ChannelStatus) {
	for _, c := range list {
		fmt.Fprintf(a.Stdout, "\nchannel %s", c.Name)
		if c.Problem != "" {
			fmt.Fprintf(a.Stdout, ": NOT USABLE: %s\n", c.Problem)
			continue
		}
		from := report.Clean(c.From)
		if from == "" {
			from = "archives"
		}
		fmt.Fprintf(a.Stdout, ": %s, from %s\n", contents(c.Manifests, c.Data), from)
		fmt.Fprintf(a.Stdout, "  %-12s root %d, timestamp %d, snapshot %d, targets %d; sha256:%s\n", "versions", c.Root, c.Timestamp, c.Snapshot, c.Targets, c.SHA256)
		fmt.Fprintf(a.Stdout, "  %-12s %s\n", "last update", c.Checked.Format(time.RFC3339))
		end := "expires"
		if c.Expired {
			end = "EXPIRED"
		}
		fmt.Fprintf(a.Stdout, "  %-12s %s\n", end, c.Expires.Format(time.RFC3339))
	}
}
