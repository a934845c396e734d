// Command gen makes the trusted root of sigstore's public-good instance that
// package seal embeds, from a checkout of github.com/sigstore/root-signing. It
// takes the target only after The Update Framework has led to it: from the root
// metadata that the sigstore-go module carries, over every later root, timestamp
// and snapshot, to the targets.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

const target = "trusted_root.json"

func main() {
	log.SetFlags(0)
	in := flag.String("in", "", "checkout of github.com/sigstore/root-signing")
	out := flag.String("out", "", "file to write")
	date := flag.String("date", "", "day on which the metadata must be valid")
	flag.Parse()
	day, err := time.Parse(time.DateOnly, *date)
	if err != nil {
		log.Fatalf("--date: %v", err)
	}
	text, err := verified(os.DirFS(*in), day)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Clean(*out), text, 0o644); err != nil {
		log.Fatal(err)
	}
}

// verified is the target, in one line.
func verified(repo fs.FS, day time.Time) ([]byte, error) {
	targets, err := lead(repo, day)
	if err != nil {
		return nil, err
	}
	info, ok := targets.Signed.Targets[target]
	if !ok {
		return nil, fmt.Errorf("the metadata lists no %s", target)
	}
	text, err := fs.ReadFile(repo, "targets/"+target)
	if err != nil {
		return nil, err
	}
	if err := info.VerifyLengthHashes(text); err != nil {
		return nil, err
	}
	if _, err := root.NewTrustedRootFromJSON(text); err != nil {
		return nil, err
	}
	var line bytes.Buffer
	err = json.Compact(&line, text)
	return line.Bytes(), err
}

// lead follows The Update Framework (section 5.3 to 5.6) to the targets.
func lead(repo fs.FS, day time.Time) (*metadata.Metadata[metadata.TargetsType], error) {
	trusted, err := trustedmetadata.New(tuf.DefaultRoot())
	if err != nil {
		return nil, err
	}
	trusted.RefTime = day
	for {
		name := fmt.Sprintf("metadata/root_history/%d.root.json", trusted.Root.Signed.Version+1)
		next, err := fs.ReadFile(repo, name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err == nil {
			_, err = trusted.UpdateRoot(next)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var parts [3][]byte
	for i, name := range []string{"timestamp", "snapshot", "targets"} {
		if parts[i], err = fs.ReadFile(repo, "metadata/"+name+".json"); err != nil {
			return nil, err
		}
	}
	if _, err := trusted.UpdateTimestamp(parts[0]); err != nil {
		return nil, err
	}
	if _, err := trusted.UpdateSnapshot(parts[1], false); err != nil {
		return nil, err
	}
	return trusted.UpdateTargets(parts[2])
}
