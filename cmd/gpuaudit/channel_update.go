package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

// stateDir is --state, or where channels are kept if nobody says otherwise.
func (a *app) stateDir(flag string) (string, error) {
	switch {
	case flag != "":
		return flag, nil
	case a.errand != nil && a.errand.State != "":
		return a.errand.State, nil
	}
	return state.DefaultDir(os.Geteuid(), a.Getenv)
}

const stateUsage = "directory in which channels are kept; default is " + state.System + " for root, and $XDG_DATA_HOME/gpuaudit for others"

// subscription are the flags of the verbs that take a channel in.
type subscription struct {
	name, root, state string
	now               clockFlag
}

func (s *subscription) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.name, "name", "", "name of the channel here; default is its host or file name")
	flags.StringVar(&s.root, "root", "", "the first root, from a place that you trust; needed once")
	flags.StringVar(&s.state, "state", "", stateUsage)
	s.now.register(flags, judgements)
}

// begin opens the state and reads what every request has.
func (a *app) begin(s *subscription) (*state.Dir, state.Request, error) {
	req := state.Request{Name: s.name}
	var err error
	if req.Now, err = s.now.at(a); err != nil {
		return nil, req, err
	}
	if s.root != "" {
		if req.Root, err = readFile(s.root, 1<<20); err != nil {
			return nil, req, fmt.Errorf("--root: %w", err)
		}
		if err = strictjson.Check(req.Root, len(req.Root)); err != nil {
			return nil, req, fmt.Errorf("--root %s: %w: the first root is a file such as 1.root.json, which the channel's publisher hands out", s.root, err)
		}
	}
	dir, err := a.stateDir(s.state)
	if err != nil {
		return nil, req, err
	}
	d, err := state.Create(dir)
	if err != nil {
		return nil, req, state.Fault(fmt.Errorf("open the state %s: %w", dir, err))
	}
	return d, req, nil
}

var errNoChannel = errors.New("no channel is kept: subscribe to one with --channel and --root")

func (a *app) channelUpdate() *cobra.Command {
	var s subscription
	var from string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "update [--channel URL|DIR --root FILE]",
		Short: "Bring channels of manifests up to date",
		Long: `Update reads a channel, verifies it (TUF: root, timestamp, snapshot, targets, and each
manifest's digest) and keeps it in the state directory. It refuses what is older than
what was seen before, expired, mixed from several states, or too large, and then leaves
the kept state as it is.

A channel is subscribed to once, with --channel and --root. After that, update alone
brings all channels up to date. No other command opens network
connections, but for rules that are taken from a registry (--policy oci://).`,
		Example: `  gpuaudit channel update --channel https://example.org/gpuaudit/ --root 1.root.json
  gpuaudit channel update`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, req, err := a.begin(&s)
			if err != nil {
				return err
			}
			defer d.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			if from == "" {
				return a.updateAll(ctx, d, req)
			}
			if req.From, err = a.whereFrom(from); err != nil {
				return err
			}
			if req.Name == "" {
				if req.Name, err = d.NameFrom(req.From); err != nil {
					return err
				}
			}
			a.confineUpdate([]string{req.From}, d.Path())
			if err := a.updateOne(ctx, d, req); err != nil || a.errand != nil {
				return err // of a judge, the process outside remembers the place
			}
			return state.Remember(d.Path(), req.From)
		},
	}
	s.register(cmd.Flags())
	cmd.Flags().StringVar(&from, "channel", "", "URL (http, https) or directory of the channel; it is remembered")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "time for all of it")
	return cmd
}

// updateAll updates the named channel, or every one that has a place to come
// from. One that fails does not keep the others from it.
func (a *app) updateAll(ctx context.Context, d *state.Dir, req state.Request) error {
	names, err := d.Names()
	if err != nil {
		return state.Fault(err)
	}
	if req.Name != "" {
		names = []string{req.Name}
	}
	if len(names) == 0 {
		return errNoChannel
	}
	var places []string
	for _, name := range names {
		if from, err := d.From(name); err == nil {
			places = append(places, from)
		}
	}
	a.confineUpdate(places, d.Path())
	var first error
	for _, name := range names {
		req.Name = name
		if req.From, err = d.From(name); err == nil && req.From == "" && len(names) > 1 {
			a.remark("%s comes in archives only (channel import)", name)
			continue
		}
		switch {
		case err != nil:
			err = state.Fault(err)
		case req.From == "":
			err = fmt.Errorf("channel %s comes in archives only: use channel import, or give --channel", name)
		default:
			err = a.updateOne(ctx, d, req)
		}
		if first == nil {
			first = err
		} else if err != nil {
			a.fail(err)
		}
	}
	return first
}

func (a *app) updateOne(ctx context.Context, d *state.Dir, req state.Request) error {
	src, closing, err := fetch.Open(req.From, "gpuaudit/"+tool().Version)
	if err != nil {
		return err
	}
	defer closing()
	req.Source = src
	return a.keep(ctx, d, req)
}

// keep verifies and keeps a channel, and says what came of it.
func (a *app) keep(ctx context.Context, d *state.Dir, req state.Request) error {
	res, err := d.Update(ctx, req)
	if err != nil {
		return state.Fault(fmt.Errorf("channel %s: %w", req.Name, err))
	}
	if res.Repaired != "" {
		a.remark("%s was built anew: %s", req.Name, res.Repaired)
	}
	what := "subscribed"
	switch {
	case res.Before != nil && *res.Before == res.Versions:
		what = "unchanged"
	case res.Before != nil:
		what = fmt.Sprintf("updated from timestamp %d", res.Before.Timestamp)
	}
	fmt.Fprintf(a.Stdout, "%s  %s: %s; %s\n", req.Name, what, res.Versions, carries(res.Verified))
	return nil
}

func carries(v *channel.Verified) string {
	s := fmt.Sprintf("%s, good until %s", contents(len(v.Manifests), len(v.Data)), v.Expires.UTC().Format(time.RFC3339))
	if v.Others > 0 {
		s += fmt.Sprintf("; targets of other kinds left alone: %d", v.Others)
	}
	return s
}

// contents is how much a channel carries.
func contents(signed, data int) string {
	switch data {
	case 0:
		return manifests(signed)
	case 1:
		return manifests(signed) + ", 1 body of data"
	}
	return fmt.Sprintf("%s, %d bodies of data", manifests(signed), data)
}

func manifests(n int) string {
	if n == 1 {
		return "1 manifest"
	}
	return fmt.Sprintf("%d manifests", n)
}

// whereFrom is the place of a channel as it is remembered.
func (a *app) whereFrom(from string) (string, error) {
	if a.errand != nil {
		return a.errand.Channel, nil // a judge knows no working directory
	}
	return fetch.Place(from)
}

// openState opens a state that must be there to read it, and lists its channels.
func (a *app) openState(flag string) (*state.Dir, []string, error) {
	dir, err := a.stateDir(flag)
	if err != nil {
		return nil, nil, err
	}
	kept, err := reference.OpenChannels(dir, "")
	if err != nil {
		return nil, nil, err
	}
	return kept.Dir, kept.Names, nil
}
