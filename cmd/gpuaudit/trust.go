package main

import (
	"crypto"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/keys"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

// believedRoot is the trusted root in a file, or the one that the program carries.
func believedRoot(name string) (*seal.Root, error) {
	f, err := input.Optional(name, seal.RootLimit)
	if err != nil {
		return nil, err
	}
	return reference.ParseRoot(f)
}

// believed reads a trust file, whose own root gives way to another where one is named.
func believed(name, root string) (*manifest.Trust, error) {
	t, err := reference.ReadTrust(name, root)
	if err != nil {
		return nil, err
	}
	return t.Parse()
}

// printSeen says when a timestamping authority or a log saw a signature.
func (a *app) printSeen(seen time.Time) {
	if !seen.IsZero() {
		a.say("  the signature was witnessed at %s", seen.Format(time.RFC3339))
	}
}

// publicKey reads the public key in a file that --key names.
func publicKey(name string) (crypto.PublicKey, error) {
	text, err := readFile(name, keys.Limit)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", name, err)
	}
	return key, nil
}
