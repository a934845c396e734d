package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// channelStatus is what channel status says of a channel.
type channelStatus struct {
	Name string `json:"name"`
	// From is where it is updated from, "" where it comes in archives.
	From string `json:"from,omitempty"`
	*facts.Channel
	SHA256  string    `json:"sha256,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	Expired bool      `json:"expired"`
	// Problem says why the channel cannot be used.
	Problem string `json:"problem,omitempty"`
}

// statusOfChannels looks at every channel. That none is kept is no error here.
func (a *app) statusOfChannels(ctx context.Context, flag string, now time.Time) ([]channelStatus, error) {
	list := []channelStatus{}
	dir, err := a.stateDir(flag)
	if err != nil {
		return nil, err
	}
	d, err := state.Open(dir)
	if err != nil {
		if flag == "" && errors.Is(err, fs.ErrNotExist) { // nobody said that there is a state
			return list, nil
		}
		return nil, state.Fault(fmt.Errorf("open the state %s: %w", dir, err))
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, state.Fault(err)
	}
	for _, name := range names {
		c, err := d.Load(ctx, name)
		if err != nil {
			list = append(list, channelStatus{Name: name, Problem: oneLine(err)})
			continue
		}
		list = append(list, channelStatus{Name: name, From: c.From, SHA256: c.SHA256(), Checked: c.Checked, Expired: c.Expired(now),
			Channel: reference.Channel(c)})
	}
	return list, nil
}

func (a *app) printChannels(list []channelStatus) {
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
