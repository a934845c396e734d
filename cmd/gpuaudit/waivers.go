package main

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// waiverLimit caps what is read of a waiver file; package waive has a closer one.
const waiverLimit = 2 << 20

// waiverFlags name the file of accepted findings, and who has to have signed it.
type waiverFlags struct {
	file, fleet string
	keys        []string
	signed      bool
}

func (f *waiverFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "waivers", "", "file of accepted findings: each for a scope, a reason and a time")
	flags.StringVar(&f.fleet, "fleet", "", "label of this machine, for waivers that are given to a fleet")
	flags.StringSliceVar(&f.keys, "waivers-key", nil, "public key: the waivers have to be signed with it, instead of by an operator of the trust file (repeatable)")
	flags.BoolVar(&f.signed, "waivers-signed", false, "the waivers have to be signed, by an operator of the --trust file or with --waivers-key")
}

// waiverBasis is what a waiver file is judged by.
type waiverBasis struct {
	now time.Time
	// trust is the trust file's name, "" for none; root may take the place of its
	// root.
	trust string
	root  *rootFlag
	pack  *pack.Pack
}

// load reads the file; nil means that nothing is waived.
func (f *waiverFlags) load(b waiverBasis) (func(*report.Report), error) {
	if f.file == "" {
		if len(f.keys) > 0 || f.signed {
			return nil, errors.New("--waivers-key and --waivers-signed are about the file of --waivers: give that, too")
		}
		return nil, nil
	}
	set, _, err := f.verified(b)
	if err != nil {
		return nil, err
	}
	return func(r *report.Report) { set.Apply(r, f.fleet) }, nil
}

// verified reads the file and who signed it, each once; the signers are nil where
// nobody said whom to believe.
func (f *waiverFlags) verified(b waiverBasis) (*waive.Set, *waive.Signers, error) {
	set, signers, err := f.read(b)
	switch {
	case errors.Is(err, waive.ErrSignature):
		return nil, nil, &exitError{code: exitSignature, err: fmt.Errorf("--waivers %s: %w", f.file, err)}
	case err != nil:
		return nil, nil, fmt.Errorf("--waivers %s: %w", f.file, err)
	}
	return set, signers, nil
}

func (f *waiverFlags) demands(p *pack.Pack) waive.Demands {
	d := waive.Demands{Signed: f.signed || len(f.keys) > 0}
	if p != nil {
		d.MaxDays, d.TwoPerson, d.Signed = p.Waivers.MaxDays, p.Waivers.TwoPerson, d.Signed || p.Waivers.Signed
	}
	return d
}

func (f *waiverFlags) read(b waiverBasis) (*waive.Set, *waive.Signers, error) {
	text, err := readFile(f.file, waiverLimit)
	if err != nil {
		return nil, nil, err
	}
	demands := f.demands(b.pack)
	set, err := waive.ParseUnder(text, demands)
	if err != nil {
		return nil, nil, err
	}
	signers, err := f.signers(text, b)
	if err != nil {
		return nil, nil, err
	}
	if demands.Signed && signers == nil {
		return nil, nil, fmt.Errorf("%w: it has to be signed, and nobody said whom to believe: give --trust or --waivers-key", waive.ErrSignature)
	}
	return set, signers, set.SignedBy(signers, demands)
}

// signers verifies the signatures beside the file: nil where nobody said whom to
// believe.
func (f *waiverFlags) signers(text []byte, b waiverBasis) (*waive.Signers, error) {
	believed, err := f.believed(b)
	if err != nil || believed == nil {
		return nil, err
	}
	bundles, err := signaturesBeside(f.file)
	if err != nil {
		return nil, err
	}
	return waive.Verify(text, bundles, *believed)
}

func (f *waiverFlags) believed(b waiverBasis) (*waive.Believed, error) {
	switch {
	case len(f.keys) > 0:
		keys, err := publicKeys(f.keys)
		return &waive.Believed{Keys: keys, Now: b.now}, err
	case b.trust == "":
		return nil, nil
	}
	var trust *manifest.Trust
	trust, err := b.root.trust(b.trust)
	return &waive.Believed{Trust: trust, Now: b.now}, err
}

func publicKeys(names []string) ([]crypto.PublicKey, error) {
	var keys []crypto.PublicKey
	for _, name := range names {
		text, err := readFile(name, 64<<10)
		if err != nil {
			return nil, err
		}
		key, err := seal.ParsePublicKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// signatureEnding ends the names of detached signatures: accepted.yaml is signed
// in accepted.yaml.sigstore.json, or in accepted.yaml.NAME.sigstore.json of each
// signer.
const signatureEnding = ".sigstore.json"

// signaturesBeside reads the signatures on a file, which are beside it.
func signaturesBeside(name string) ([][]byte, error) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	var bundles [][]byte
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), filepath.Base(name)+".")
		if !ok || !strings.HasSuffix("."+rest, signatureEnding) || !e.Type().IsRegular() {
			continue
		}
		text, err := readFile(filepath.Join(filepath.Dir(name), e.Name()), seal.BundleLimit)
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, text)
	}
	return bundles, nil
}

// loadWaivers reads the waivers that the flags of a scan name.
func (f *scanFlags) loadWaivers(now time.Time) (func(*report.Report), error) {
	p, err := f.basis.loadPack()
	if err != nil {
		return nil, err
	}
	return f.waivers.load(waiverBasis{now: now, trust: f.reference.trust, root: &f.reference.root, pack: p})
}
