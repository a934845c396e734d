package baseline

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// Names of the files of a baseline in its folder. A scan finds them by the settings.
const (
	TrustName   = "trust.yaml"
	Manifests   = "manifests"
	WaiversName = "waivers.yaml"
	ConfigName  = "config.yaml"
	// KeyName is the file of a key in the machine's TPM.
	KeyName = "baseline.key"
)

// Written are the files that are written to the folder of a baseline, beside a capture and
// what is in its folder of manifests.
func Written() []string {
	return []string{TrustName, WaiversName, WaiversName + waive.SignatureEnding, ConfigName}
}

// InManifests is a pattern of the names in the folder of manifests, while they are written,
// too.
const InManifests = prefix + "*"

// Folder is a baseline that lies in a folder.
type Folder struct {
	Dir string
	// Before are the statements that count, of whatever signer is an operator.
	Before []*manifest.Predicate
	// Signers are who signed them.
	Signers []string

	trust   manifest.TrustFile
	waivers *waive.File
	config  []byte
}

// ErrNone says that a folder holds no baseline.
var ErrNone = errors.New("there is no baseline")

// Open reads what is in a folder, which may be nothing. What does not verify is an
// error: nobody should build on it.
func Open(dir string, now time.Time) (*Folder, error) {
	f := &Folder{Dir: dir}
	trust, err := reference.ReadTrust(f.path(TrustName), "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := f.readTrust(trust, now); err != nil {
			return nil, err
		}
	}
	waivers, err := optional(f.path(WaiversName), waive.FileLimit)
	if err != nil {
		return nil, err
	}
	if waivers != nil {
		f.waivers = &waive.File{}
		if err := strictyaml.Unmarshal(waivers, waive.FileLimit, f.waivers); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path(WaiversName), err)
		}
	}
	f.config, err = optional(f.path(ConfigName), 1<<20)
	return f, err
}

// readTrust reads the trust file, and the statements that it vouches for.
func (f *Folder) readTrust(trust *reference.Trust, now time.Time) error {
	parsed, err := trust.Parse()
	if err != nil {
		return err
	}
	if err := strictyaml.Unmarshal(trust.Data, len(trust.Data), &f.trust); err != nil {
		return fmt.Errorf("%s: %w", trust.Name, err)
	}
	entries, err := input.ReadDir(f.path(Manifests))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []*manifest.Manifest
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		b, err := input.Read(filepath.Join(f.path(Manifests), e.Name()), seal.BundleLimit)
		if err != nil {
			return err
		}
		m, err := manifest.Verify(b.Data, e.Name(), parsed, now)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
		list = append(list, m)
	}
	for _, m := range manifest.NewSet(list...).All() {
		if m.Kind() == manifest.Operator {
			p := m.Predicate()
			f.Before = append(f.Before, &p)
			if !slices.Contains(f.Signers, m.Issuer()) {
				f.Signers = append(f.Signers, m.Issuer())
			}
		}
	}
	return nil
}

func (f *Folder) path(name string) string { return filepath.Join(f.Dir, name) }

func optional(name string, limit int64) ([]byte, error) {
	b, err := input.Read(name, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b.Data, nil
}

// Waives says that the folder holds waivers.
func (f *Folder) Waives() bool { return f.waivers != nil }

// Files are the files of a baseline, by their paths below its folder.
type Files map[string][]byte

// Signer is who signs a baseline.
type Signer struct {
	Name string
	// Public is the public key, in PEM.
	Public []byte
	// Sign makes a signed bundle of a statement.
	Sign func(ctx context.Context, statement []byte) ([]byte, error)
}

// Compose makes the files of a baseline: what is stated, signed, beside what the folder
// holds already.
func (f *Folder) Compose(ctx context.Context, s *Stated, machines []Machine, by Signer, t Terms, also Settings) (Files, error) {
	files := Files{}
	trust, err := f.trusting(s, by, t)
	if err != nil {
		return nil, err
	}
	files[TrustName] = trust
	for _, st := range s.Statements {
		statement, err := manifest.Statement(st.Predicate)
		if err != nil {
			return nil, err
		}
		bundle, err := by.Sign(ctx, statement)
		if err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
		files[filepath.Join(Manifests, st.Name+".sigstore.json")] = bundle
	}
	waivers, err := f.accepting(machines, by.Name, t)
	if err != nil {
		return nil, err
	}
	if waivers != nil {
		statement, err := waive.Statement(WaiversName, waivers)
		if err != nil {
			return nil, err
		}
		if files[WaiversName+waive.SignatureEnding], err = by.Sign(ctx, statement); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
		files[WaiversName] = waivers
	}
	if also.mine(f.config) {
		files[ConfigName] = also.text(waivers != nil)
	}
	return files, nil
}

// trusting is the trust file in which the signer may speak for the cards that are
// stated, as an operator.
func (f *Folder) trusting(s *Stated, by Signer, t Terms) ([]byte, error) {
	key, err := seal.ParsePublicKey(by.Public)
	if err != nil {
		return nil, err
	}
	file := f.trust
	file.Version, file.Keys = 1, slices.Clone(file.Keys)
	at := slices.IndexFunc(file.Keys, func(k manifest.Key) bool { return f.is(k, key) })
	if at < 0 {
		if slices.ContainsFunc(file.Keys, func(k manifest.Key) bool { return k.Name == by.Name }) {
			return nil, fmt.Errorf("%s: another key is called %q there: give the key that signed the baseline with --key, or another name with --signer", f.path(TrustName), by.Name)
		}
		at = len(file.Keys)
		file.Keys = append(file.Keys, manifest.Key{Scope: manifest.Scope{Name: by.Name, Kind: manifest.Operator, NotBefore: t.Now}, PublicKey: string(by.Public)})
	}
	k := &file.Keys[at]
	if k.Kind != manifest.Operator {
		return nil, fmt.Errorf("%s: the key %q speaks there as %s; a baseline is an operator's", f.path(TrustName), k.Name, k.Kind)
	}
	everywhere := k.PCIVendors != nil && k.SubsystemVendors == nil // it may speak for boards of every maker already
	for _, st := range s.Statements {
		for _, d := range st.Devices {
			k.PCIVendors = with(k.PCIVendors, d.VendorID)
			everywhere = everywhere || d.SubsystemVendorID == ""
			k.SubsystemVendors = with(k.SubsystemVendors, d.SubsystemVendorID)
		}
	}
	if everywhere {
		k.SubsystemVendors = nil
	}
	if end := t.Now.AddDate(0, 0, t.Days); end.After(k.NotAfter) {
		k.NotAfter = end
	}
	return yamlOf(file)
}

// is says that an entry of the trust file holds a key.
func (f *Folder) is(k manifest.Key, key crypto.PublicKey) bool {
	text := []byte(k.PublicKey)
	if k.PublicKeyFile != "" {
		file, err := input.Read(filepath.Join(f.Dir, filepath.FromSlash(k.PublicKeyFile)), 64<<10)
		if err != nil {
			return false
		}
		text = file.Data
	}
	public, err := seal.ParsePublicKey(text)
	same, ok := public.(interface{ Equal(crypto.PublicKey) bool })
	return err == nil && ok && same.Equal(key)
}

func with(list []string, id string) []string {
	if id == "" || slices.Contains(list, id) {
		return list
	}
	return append(slices.Clone(list), id)
}

func yamlOf(v any) ([]byte, error) { return strictyaml.Marshal(v) }
