package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
)

// printCheck says whether clients can follow the channel as it is.
func (a *app) printCheck(ctx context.Context, w *publish.Workspace) error {
	list, err := w.Status()
	if err != nil {
		return err
	}
	published := 0
	for _, p := range list {
		if !p.Draft && p.Complete {
			published++
		}
	}
	if published < len(publish.Roles()) {
		fmt.Fprintln(a.Stdout, "public/ is not complete: do not serve it yet")
		return nil
	}
	v, err := w.Check(ctx)
	if err != nil {
		return state.Fault(fmt.Errorf("public/ does not verify, do not serve it: %w", err))
	}
	fmt.Fprintf(a.Stdout, "public/ verifies from its first root on: %s\n", carries(v))
	return nil
}

// printContent writes what the newest root and the newest targets say.
func (a *app) printContent(w *publish.Workspace) error {
	keys, err := w.Keys()
	if err != nil {
		return err
	}
	for _, k := range keys {
		fmt.Fprintf(a.Stdout, "keys of %s, %d must sign:\n", k.Role, k.Threshold)
		for _, digest := range k.SHA256 {
			fmt.Fprintf(a.Stdout, "  sha256:%s\n", digest)
		}
	}
	manifests, err := w.Carries()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "manifests: %d\n", len(manifests))
	for _, m := range manifests {
		fmt.Fprintf(a.Stdout, "  sha256:%s  %s\n", m.SHA256, m.Name)
	}
	return nil
}

// printProgress writes a line for each draft and each published role.
func (a *app) printProgress(w *publish.Workspace) error {
	list, err := w.Status()
	if err != nil {
		return err
	}
	for _, p := range list {
		where := "published"
		switch {
		case p.Draft:
			where = "draft, waits"
		case !p.Complete:
			where = "out of date" // its keys were taken away
		}
		fmt.Fprintf(a.Stdout, "%-9s version %d  %-12s  %d of %d signatures, good until %s\n", p.Role, p.Version, where, p.Signed, p.Threshold, p.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}
