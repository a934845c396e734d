package gpuproof

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Names are those of the files that GPUs are held against, "" for none.
type Names struct {
	// Manifests and Answers name files, and folders of them.
	Manifests, Answers         []string
	DeviceRoots, ManifestRoots string
	Collateral, CollateralKey  string
}

// rootsLimit is the largest file of certificates or keys, in bytes.
const rootsLimit = 256 << 10

// Read reads every file that is named, once. What cannot be read of a folder is told to
// warn, and the rest of it counts.
func (n *Names) Read(warn func(error)) (Given, error) {
	g := Given{Manifests: input.Folder{}, Answers: input.Folder{}}
	if n.CollateralKey != "" && n.Collateral == "" {
		return g, errors.New("--collateral-key is about the file of --collateral: give that, too")
	}
	manifests := gatherer{to: g.Manifests, limit: 2 * rim.MaxBytes, what: "reference manifest", warn: warn, is: func(name string, b []byte) (bool, error) {
		document, err := appraise.Document(name, b)
		return document != nil, err
	}}
	if err := manifests.gather(n.Manifests); err != nil {
		return g, fmt.Errorf("--rim: %w", err)
	}
	answers := gatherer{to: g.Answers, limit: revocation.MaxBytes, what: "OCSP answer", warn: warn, is: func(_ string, b []byte) (bool, error) { return new(revocation.Answers).Add(b) }}
	if err := answers.gather(n.Answers); err != nil {
		return g, fmt.Errorf("--ocsp: %w", err)
	}
	for _, x := range []struct {
		flag, name string
		limit      int64
		to         **input.File
	}{
		{"--device-roots", n.DeviceRoots, rootsLimit, &g.DeviceRoots}, {"--rim-roots", n.ManifestRoots, rootsLimit, &g.ManifestRoots},
		{"--collateral", n.Collateral, collateral.Limit, &g.Collateral}, {"--collateral-key", n.CollateralKey, rootsLimit, &g.CollateralKey},
	} {
		var err error
		if *x.to, err = input.Optional(x.name, x.limit); err != nil {
			return g, fmt.Errorf("%s: %w", x.flag, err)
		}
	}
	return g, nil
}

// Otherwise says what a file that begins so is, where it is no evidence but something that a
// verifier brings beside it; "" for all others.
func Otherwise(head []byte) string {
	switch text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); {
	case bytes.HasPrefix(text, []byte("<")) || rim.IsCoRIM(head):
		return "it is a reference manifest: name it with --rim, and the evidence in its place"
	case bytes.Contains(text, []byte("-----BEGIN CERTIFICATE")):
		return "it holds certificates: name it with --chain, and the evidence in its place"
	}
	return ""
}

// gatherer adds files, and those in folders, by their name without the folder. In a folder
// files that are something else are passed over, but one has to be there; a file that is
// named has to be what is looked for.
type gatherer struct {
	to    input.Folder
	limit int64
	// what is looked for in words, and is tells it by its content.
	what string
	is   func(name string, b []byte) (bool, error)
	warn func(error)
}

func (g *gatherer) gather(names []string) error {
	for _, name := range names {
		info, err := input.Stat(name)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = g.folder(name)
		} else {
			var found bool
			if found, err = g.file(name); err == nil && !found {
				err = fmt.Errorf("%s: no %s", name, g.what)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gatherer) file(name string) (bool, error) {
	f, err := input.Read(name, g.limit)
	if err != nil {
		return false, err
	}
	found, err := g.is(name, f.Data)
	if err != nil || !found {
		return false, err
	}
	key := filepath.Base(name)
	if before, taken := g.to[key]; taken && !bytes.Equal(before, f.Data) {
		key = f.SHA256() + "/" + key // another file of this name, of another folder
	}
	if g.to[key] = f.Data; len(g.to) > appraise.MaxManifests {
		return false, fmt.Errorf("%s: more than %d files", name, appraise.MaxManifests)
	}
	size := 0
	for _, b := range g.to {
		size += len(b)
	}
	if size > gatheredBytes {
		return false, fmt.Errorf("%s: all of them together are %w than %d bytes", name, errTogether, gatheredBytes)
	}
	return true, nil
}

// gatheredBytes caps the manifests, and the answers, of one command line: all that NVIDIA
// published until 2026 has 40 MiB.
const gatheredBytes = 96 << 20

// errTogether ends the reading of a folder: it is about no one file of it.
var errTogether = fmt.Errorf("%w", input.ErrTooLarge)

// maxFolder is how many files of a folder are looked at.
const maxFolder = 16384

func (g *gatherer) folder(folder string) error {
	entries, err := input.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > maxFolder {
		return fmt.Errorf("%s: more than %d files", folder, maxFolder)
	}
	any := false
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		found, err := g.file(filepath.Join(folder, e.Name()))
		switch any = any || found; {
		case errors.Is(err, errTogether):
			return err
		case errors.Is(err, input.ErrTooLarge): // something else
		case err != nil:
			g.warn(err)
		}
	}
	if !any {
		return fmt.Errorf("%s holds no %s", folder, g.what)
	}
	return nil
}
