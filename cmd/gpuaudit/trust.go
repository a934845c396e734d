package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// rootFlag names the authorities whose certificates, log entries and timestamps
// are believed.
type rootFlag struct {
	file string
	// read are the trust files that were read, each once: what verifies manifests,
	// catalogues and waivers is one value, whatever becomes of the file meanwhile.
	read map[string]*manifest.Trust
}

func (f *rootFlag) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "trusted-root", "", "sigstore trusted root (JSON): whose certificates, log entries and timestamps are believed; default is that of the trust file, or of sigstore's public instance as of "+seal.PublicGoodDate)
}

// load is the root that the flag names, or the one that the program carries.
func (f *rootFlag) load() (*seal.Root, error) {
	if f.file == "" {
		return seal.PublicGood()
	}
	text, err := readFile(f.file, seal.RootLimit)
	if err != nil {
		return nil, err
	}
	root, err := seal.ParseRoot(text)
	if err != nil {
		return nil, fmt.Errorf("--trusted-root %s: %w", f.file, err)
	}
	return root, nil
}

// trust reads a trust file, whose own root gives way to that of the flag.
func (f *rootFlag) trust(name string) (*manifest.Trust, error) {
	if trust := f.read[name]; trust != nil {
		return trust, nil
	}
	trust, err := f.readTrust(name)
	if err == nil {
		if f.read == nil {
			f.read = map[string]*manifest.Trust{}
		}
		f.read[name] = trust
	}
	return trust, err
}

func (f *rootFlag) readTrust(name string) (*manifest.Trust, error) {
	trust, err := loadTrust(name)
	if err != nil || f.file == "" {
		return trust, err
	}
	root, err := f.load()
	if err != nil {
		return nil, err
	}
	if trust, err = trust.Believing(root); err != nil {
		return nil, fmt.Errorf("--trusted-root %s: %s: %w", f.file, name, err)
	}
	return trust, nil
}

// loadTrust reads a trust file and the files that it names in its folder.
func loadTrust(name string) (*manifest.Trust, error) {
	text, err := readFile(name, 1<<20)
	if err != nil {
		return nil, err
	}
	folder, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	trust, err := manifest.ParseTrust(text, folder.FS())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return trust, nil
}

// printSeen says when a timestamping authority or a log saw a signature.
func (a *app) printSeen(seen time.Time) {
	if !seen.IsZero() {
		fmt.Fprintf(a.Stdout, "  the signature was witnessed at %s\n", seen.Format(time.RFC3339))
	}
}
