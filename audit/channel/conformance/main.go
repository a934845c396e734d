// Conformance is the client that TUF's conformance suite calls
// (theupdateframework/tuf-conformance, CLIENT-CLI.md): it maps the suite's three
// commands to packages channel and state. It is a tool for developers and part of
// no release; docs/channel.md says how it is run, and what came of it.
//
// The suite looks at a folder of metadata that the client trusts. Here a state is
// kept as a whole, and of a refused update only its roots and versions: what the
// folder shows of timestamp and snapshot then are the files that these versions
// were read from.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// client is what the command line says.
type client struct {
	metadataDir, metadataURL, targetDir, targetURL string
	targets                                        []string
	now                                            time.Time
	log                                            io.Writer
}

const (
	stateName = "state"      // below the metadata folder
	firstName = "first.root" // the suite takes what ends in .json for trusted metadata
	name      = "suite"
)

func run(ctx context.Context, args []string, log io.Writer) error {
	c := client{now: time.Now(), log: log}
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.StringVar(&c.metadataDir, "metadata-dir", "", "where trusted metadata is kept")
	flags.StringVar(&c.metadataURL, "metadata-url", "", "where metadata is read")
	flags.StringVar(&c.targetDir, "target-dir", "", "where targets are written")
	flags.StringVar(&c.targetURL, "target-base-url", "", "where targets are read")
	flags.Func("target-name", "a target to download; can be repeated", func(s string) error {
		c.targets = append(c.targets, s)
		return nil
	})
	flags.Func("now", "the present time, RFC 3339: faketime does not reach a static program", func(s string) (err error) {
		c.now, err = time.Parse(time.RFC3339, s)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch flags.Arg(0) {
	case "init":
		return c.init(flags.Arg(1))
	case "refresh":
		_, err := c.refresh(ctx)
		return err
	case "download":
		return c.download(ctx)
	}
	return fmt.Errorf("%q is none of init, refresh, download", flags.Arg(0))
}

func (c *client) init(root string) error {
	b, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	return errors.Join(c.show("root", b), os.WriteFile(filepath.Join(c.metadataDir, firstName), b, 0o644))
}

// show puts a metadata file where the suite looks for what is trusted.
func (c *client) show(role string, b []byte) error {
	return os.WriteFile(filepath.Join(c.metadataDir, role+".json"), b, 0o644)
}

func (c *client) refresh(ctx context.Context) (*state.Result, error) {
	root, err := os.ReadFile(filepath.Join(c.metadataDir, firstName))
	if err != nil {
		return nil, err
	}
	d, err := state.Create(filepath.Join(c.metadataDir, stateName))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	src, err := c.source()
	if err != nil {
		return nil, err
	}
	res, err := d.Update(ctx, state.Request{Name: name, Source: src, Root: root, Now: c.now})
	var refused *channel.Refusal
	switch {
	case err == nil:
		fmt.Fprintf(c.log, "%s\n", res.Versions)
		return res, c.showState(res.Verified)
	case errors.As(err, &refused):
		err = errors.Join(err, c.showRefused(refused, src.read))
	}
	return nil, err
}

func (c *client) showState(v *channel.Verified) error {
	var err error
	for _, f := range v.Files {
		if strings.Contains(f.Name, "/") {
			continue
		}
		parts := strings.Split(f.Name, ".") // 2.root.json, timestamp.json
		if role := parts[len(parts)-2]; role != "root" || parts[0] == fmt.Sprint(v.Versions.Root) {
			err = errors.Join(err, c.show(role, f.Data))
		}
	}
	return err
}

// showRefused shows what of a refused update counts from now on.
func (c *client) showRefused(r *channel.Refusal, read []channel.File) error {
	var err error
	for _, f := range r.Roots {
		if f.Name == fmt.Sprintf("%d.root.json", r.Seen.Root) {
			err = errors.Join(err, c.show("root", f.Data))
		}
	}
	for role, seen := range map[string]int64{"timestamp": r.Seen.Timestamp, "snapshot": r.Seen.Snapshot} {
		for _, f := range read {
			if strings.HasSuffix(f.Name, role+".json") && versionOf(f.Data) == seen {
				err = errors.Join(err, c.show(role, f.Data))
			}
		}
	}
	return err
}

func versionOf(b []byte) int64 {
	var m struct {
		Signed struct {
			Version int64 `json:"version"`
		} `json:"signed"`
	}
	if json.Unmarshal(b, &m) != nil {
		return 0
	}
	return m.Signed.Version
}

func (c *client) download(ctx context.Context) error {
	res, err := c.refresh(ctx)
	if err != nil {
		return err
	}
	for _, target := range c.targets {
		i := slices.IndexFunc(res.Manifests, func(f channel.File) bool { return f.Name == path.Base(target) })
		if !channel.ManifestName(target) || i < 0 {
			return fmt.Errorf("%s is no manifest of this channel", target)
		}
		file := filepath.Join(c.targetDir, url.QueryEscape(target))
		if b, err := os.ReadFile(file); err == nil && bytes.Equal(b, res.Manifests[i].Data) {
			continue
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(file, res.Manifests[i].Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// source reads metadata and targets from the two places that the suite has for
// them, and remembers the metadata.
type source struct {
	metadata, targets channel.Source
	read              []channel.File
}

func (c *client) source() (*source, error) {
	metadata, err := fetch.New(c.metadataURL, "gpuaudit-conformance")
	if err != nil {
		return nil, err
	}
	s := &source{metadata: metadata}
	if c.targetURL == "" { // refresh: a channel keeps its targets below its metadata
		c.targetURL = strings.TrimSuffix(strings.TrimSuffix(c.metadataURL, "/"), "metadata") + "targets/"
	}
	s.targets, err = fetch.New(c.targetURL, "gpuaudit-conformance")
	return s, err
}

// Get implements channel.Source.
func (s *source) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	if target, ok := strings.CutPrefix(name, "targets/"); ok {
		return s.targets.Get(ctx, target, limit)
	}
	b, err := s.metadata.Get(ctx, name, limit)
	if err == nil {
		s.read = append(s.read, channel.File{Name: name, Data: b})
	}
	return b, err
}
