package waive

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Caps on what is read for a waiver file; [Parse] has a closer one for the file.
const (
	FileLimit = 2 << 20
	keyLimit  = 64 << 10
)

// SignatureEnding ends the names of detached signatures: accepted.yaml is signed in
// accepted.yaml.sigstore.json, or in accepted.yaml.NAME.sigstore.json of each signer.
const SignatureEnding = ".sigstore.json"

// Given is a waiver file as it was given. Nothing of it is verified.
type Given struct {
	*input.File
	// Signatures stand beside the file.
	Signatures []*input.File
	// Keys have to have signed it, instead of operators of the trust file.
	Keys []*input.File
	// Signed says that it has to be signed.
	Signed bool
	// Fleet is the label of this machine, for waivers that are given to a fleet.
	Fleet string
}

// Read reads a waiver file, the keys that have to have signed it, and, where somebody
// says whom to believe, the signatures beside it.
func Read(name string, keys []string, trusted bool) (*Given, error) {
	f, err := input.Read(name, FileLimit)
	if err != nil {
		return nil, fmt.Errorf("waivers: %w", err)
	}
	g := &Given{File: f}
	if g.Keys, err = input.ReadAll(keys, keyLimit); err != nil {
		return nil, fmt.Errorf("public key of the waivers: %w", err)
	}
	if !trusted && len(keys) == 0 {
		return g, nil
	}
	if g.Signatures, err = signaturesBeside(name); err != nil {
		return nil, fmt.Errorf("signatures on the waivers %s: %w", name, err)
	}
	return g, nil
}

// signaturesBeside reads the signatures on a file, which are beside it.
func signaturesBeside(name string) ([]*input.File, error) {
	entries, err := input.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	var bundles []*input.File
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), filepath.Base(name)+".")
		if !ok || !strings.HasSuffix("."+rest, SignatureEnding) || !e.Type().IsRegular() {
			continue
		}
		f, err := input.Read(filepath.Join(filepath.Dir(name), e.Name()), seal.BundleLimit)
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, f)
	}
	return bundles, nil
}

// Open reads the waivers, under the demands of an organisation, and verifies who
// signed them; trust is nil where there is no trust file. The signers are nil where
// nobody said whom to believe.
func (g *Given) Open(d Demands, trust *manifest.Trust, now time.Time) (*Set, *Signers, error) {
	d.Signed = d.Signed || g.Signed || len(g.Keys) > 0
	set, signers, err := g.open(d, trust, now)
	if err == nil {
		return set, signers, nil
	}
	err = fmt.Errorf("waivers %s: %w", g.Name, err)
	if errors.Is(err, ErrSignature) {
		err = fault.AsSignature(err)
	}
	return nil, nil, err
}

func (g *Given) open(d Demands, trust *manifest.Trust, now time.Time) (*Set, *Signers, error) {
	set, err := ParseUnder(g.Data, d)
	if err != nil {
		return nil, nil, err
	}
	signers, err := g.signers(trust, now)
	if err != nil {
		return nil, nil, err
	}
	if d.Signed && signers == nil {
		return nil, nil, fmt.Errorf("%w: it has to be signed, and nobody said whom to believe: give --trust or --waivers-key", ErrSignature)
	}
	return set, signers, set.SignedBy(signers, d)
}

// signers verifies the signatures: nil where nobody said whom to believe.
func (g *Given) signers(trust *manifest.Trust, now time.Time) (*Signers, error) {
	b := Believed{Trust: trust, Now: now}
	switch {
	case len(g.Keys) > 0:
		b.Trust = nil
		for _, f := range g.Keys {
			key, err := seal.ParsePublicKey(f.Data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			b.Keys = append(b.Keys, key)
		}
	case trust == nil:
		return nil, nil
	}
	var bundles [][]byte
	for _, f := range g.Signatures {
		bundles = append(bundles, f.Data)
	}
	return Verify(g.Data, bundles, b)
}
