package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (f *referenceFlags) registerChannels(flags *pflag.FlagSet) {
	flags.BoolVar(&f.channels, "channels", false, "use the manifests of the channels that db update and db import keep; --state alone means the same")
	flags.StringVar(&f.state, "state", "", stateUsage)
}

func (f *referenceFlags) useChannels() bool { return f.channels || f.state != "" }

// addChannels takes the manifests of the kept channels into a reference. A
// channel that does not verify gives none, and one that has expired gives what it
// has: both are problems of the report.
func (r *reference) addChannels(ctx context.Context, a *app, dir string, trust *manifest.Trust, now time.Time) ([]*manifest.Manifest, error) {
	d, names, err := a.openState(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var verified []*manifest.Manifest
	r.channelOf = map[*manifest.Manifest]*facts.Channel{}
	for _, name := range names {
		c, err := d.Load(ctx, name)
		if err != nil {
			r.problems = append(r.problems, report.Problem{Kind: report.ProblemSignature, Input: "channel " + name, Cause: err.Error()})
			continue
		}
		if c.Expired(now) {
			r.problems = append(r.problems, report.Problem{Kind: report.ProblemStale, Input: "channel " + name, Cause: expired(c)})
		}
		of := r.manifestsOf(c, trust, now)
		verified = append(verified, of.verified...)
		set := audit.DataSet{Name: "channel:" + name, Date: c.Checked.Format(time.DateOnly), SHA256: c.SHA256(),
			Channel: channelFacts(c)}
		set.Channel.Untrusted = of.untrusted
		r.dataSets = append(r.dataSets, set)
		for _, m := range of.verified {
			r.channelOf[m] = set.Channel
		}
	}
	return verified, nil
}

// channelFacts is what rules and people see of a channel as it is kept.
func channelFacts(c *state.Channel) *facts.Channel {
	v := c.Versions
	return &facts.Channel{Root: v.Root, Timestamp: v.Timestamp, Snapshot: v.Snapshot, Targets: v.Targets, Expires: c.Expires.UTC(), Manifests: len(c.Manifests)}
}

func expired(c *state.Channel) string {
	return fmt.Sprintf("its %s expired on %s: manifests and revocations published since are not known; bring it up to date with db update",
		c.Role, c.Expires.UTC().Format(time.RFC3339))
}

// ofChannel is what the trust file lets through of a channel.
type ofChannel struct {
	verified  []*manifest.Manifest
	untrusted int
}

// manifestsOf verifies the manifests of a channel. One by somebody whom the trust
// file does not name is counted and left alone: a channel may carry manifests of
// people whom its reader does not know. All else that is wrong is a problem.
func (r *reference) manifestsOf(c *state.Channel, trust *manifest.Trust, now time.Time) ofChannel {
	var of ofChannel
	for _, f := range c.Manifests {
		name := c.Name + "/" + f.Name
		m, err := manifest.Verify(f.Data, name, trust, now)
		switch {
		case errors.Is(err, seal.ErrUnknownKey), errors.Is(err, seal.ErrUnknownIdentity):
			of.untrusted++
		case err != nil:
			r.problems = append(r.problems, report.Problem{Kind: report.ProblemSignature, Input: name, Cause: err.Error()})
		default:
			of.verified = append(of.verified, m)
		}
	}
	return of
}

// channelStatus is what db status says of a channel.
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
			Channel: channelFacts(c)})
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
		fmt.Fprintf(a.Stdout, ": %s, from %s\n", manifests(c.Manifests), from)
		fmt.Fprintf(a.Stdout, "  %-12s root %d, timestamp %d, snapshot %d, targets %d; sha256:%s\n", "versions", c.Root, c.Timestamp, c.Snapshot, c.Targets, c.SHA256)
		fmt.Fprintf(a.Stdout, "  %-12s %s\n", "last update", c.Checked.Format(time.RFC3339))
		end := "expires"
		if c.Expired {
			end = "EXPIRED"
		}
		fmt.Fprintf(a.Stdout, "  %-12s %s\n", end, c.Expires.Format(time.RFC3339))
	}
}
