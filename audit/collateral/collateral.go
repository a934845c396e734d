// Package collateral carries what GPUs are held against in one signed file: roots,
// reference manifests and OCSP answers, each with the time for which it holds. It is for
// machines that ask nobody. What is in it is signed by its makers, too, and verified as if
// it lay in folders; the signature on the whole says who chose it, and lets its roots
// count.
package collateral

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/archive"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Type is the predicate type of the statement that is signed: its subjects are the files.
const Type = "https://gpuaudit.github.io/collateral/v1"

// Limit caps a packed file, bytes.
const Limit = 64 << 20

// Names in the archive, in their order.
const (
	statementName   = "collateral.sigstore.json"
	deviceRootsName = "device-roots.pem"
	manifestFolder  = "manifests/"
	answerFolder    = "ocsp/"
	rimRootsName    = "rim-roots.pem"
)

// Contents are what is packed, or was unpacked.
type Contents struct {
	// DeviceRoots and ManifestRoots may vouch instead of NVIDIA's pinned ones; nil for
	// those.
	DeviceRoots, ManifestRoots []*x509.Certificate
	Manifests, Answers         []*input.File
	// Packed is when it was made; Signer who signed it, only of what was unpacked.
	Packed time.Time
	Signer string
}

// listed is the predicate.
type listed struct {
	Packed time.Time `json:"packed"`
	Files  []Entry   `json:"files"`
}

// Entry is one file, and for how long it holds.
type Entry struct {
	Name string `json:"name"`
	// Kind is device-roots, rim-roots, manifest or ocsp.
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"`
	// What says whose it is: a signer, or the serial number of a certificate. From and
	// Until are RFC 3339, "" where nothing states them.
	What  string `json:"what,omitempty"`
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// Sign signs a statement.
type Sign func(ctx context.Context, statement []byte) ([]byte, error)

// Write packs contents. A manifest that does not verify, and what is no OCSP answer, are
// refused; one whose signer has ended is not: its end stands beside it. The signature of
// an OCSP answer is not verified here: that takes the issuer of the certificate in question.
func Write(ctx context.Context, w io.Writer, c *Contents, policy rim.Policy, sign Sign) ([]Entry, error) {
	files, entries, err := c.files(policy)
	if err != nil {
		return nil, err
	}
	var subjects []seal.Subject
	for _, e := range entries {
		subjects = append(subjects, seal.Subject{Name: e.Name, Digest: map[string]string{"sha256": e.SHA256}})
	}
	statement, err := seal.NewStatement(subjects, Type, listed{c.Packed.UTC(), entries})
	if err != nil {
		return nil, err
	}
	bundle, err := sign(ctx, statement)
	if err != nil {
		return nil, err
	}
	return entries, archive.Write(w, channel.Sorted(append(files, channel.File{Name: statementName, Data: bundle})))
}

// files are the files of the archive but the statement, and their entries.
func (c *Contents) files(policy rim.Policy) (channel.Files, []Entry, error) {
	var files channel.Files
	var entries []Entry
	add := func(e Entry, data []byte) error {
		if slices.ContainsFunc(entries, func(o Entry) bool { return o.Name == e.Name }) {
			return fmt.Errorf("two files are called %s", e.Name)
		}
		e.SHA256 = input.SHA256(data)
		files, entries = append(files, channel.File{Name: e.Name, Data: data}), append(entries, e)
		return nil
	}
	for _, r := range []struct {
		name, kind string
		list       []*x509.Certificate
	}{{deviceRootsName, "device-roots", c.DeviceRoots}, {rimRootsName, "rim-roots", c.ManifestRoots}} {
		if r.list != nil {
			first := r.list[0]
			if err := add(Entry{Name: r.name, Kind: r.kind, What: first.Subject.CommonName, From: stamp(first.NotBefore), Until: stamp(first.NotAfter)}, nvidia.PEM(r.list)); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, f := range c.Manifests {
		e, err := manifestEntry(f, policy)
		if err != nil {
			return nil, nil, err
		}
		if err := add(*e, f.Data); err != nil {
			return nil, nil, err
		}
	}
	for _, f := range c.Answers {
		serial, from, until, err := revocation.Period(f.Data)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		e := Entry{Name: answerFolder + input.SHA256(f.Data) + ".der", Kind: "ocsp", What: "certificate " + serial, From: stamp(from)}
		if !until.IsZero() {
			e.Until = stamp(until)
		}
		if err := add(e, f.Data); err != nil {
			return nil, nil, err
		}
	}
	if len(entries) == 0 {
		return nil, nil, errors.New("there is nothing to pack")
	}
	return files, entries, nil
}

func manifestEntry(f *input.File, policy rim.Policy) (*Entry, error) {
	document, err := appraise.Document(f.Name, f.Data)
	if err != nil {
		return nil, err
	}
	r, err := rim.VerifyFile(document, policy)
	if err != nil {
		return nil, err
	}
	if r.Manifest == nil && r.CoRIM == nil {
		for _, c := range r.Checks {
			if c.Status != check.Pass && c.Code != check.NotReached && c.Name != rim.CheckValidity {
				return nil, fmt.Errorf("%s: %s (%s): %s", f.Name, c.Name, c.Code, c.Detail)
			}
		}
		return nil, fmt.Errorf("%s does not verify", f.Name)
	}
	return &Entry{Name: manifestFolder + f.Base(), Kind: "manifest", What: r.Signer, From: stamp(r.Path[0].NotBefore), Until: r.Until}, nil
}

// Read verifies a packed file and unpacks it. Its signature has to be of the key, and it
// holds the files that are signed and no others.
func Read(f, key *input.File, now time.Time) (*Contents, error) {
	if key == nil {
		return nil, errors.New("nobody said who may have signed it: give --collateral-key, the public key")
	}
	public, err := seal.ParsePublicKey(key.Data)
	if err != nil {
		return nil, fmt.Errorf("--collateral-key %s: %w", key.Name, err)
	}
	v, err := seal.NewVerifier(seal.Policy{Keys: []seal.Key{seal.GivenKey(public)}, PredicateType: Type, Now: now})
	if err != nil {
		return nil, err
	}
	files, err := archive.Read(bytes.NewReader(f.Data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	at := slices.IndexFunc(files, func(f channel.File) bool { return f.Name == statementName })
	if at < 0 {
		return nil, fault.AsSignature(fmt.Errorf("%s: nobody signed it: %s is missing", f.Name, statementName))
	}
	signed, err := v.Verify(files[at].Data)
	if err != nil {
		return nil, fault.AsSignature(fmt.Errorf("%s: %w", f.Name, err))
	}
	c, err := unpack(slices.Delete(files, at, at+1), &signed.Statement)
	if err != nil {
		return nil, fault.AsSignature(fmt.Errorf("%s: %w", f.Name, err))
	}
	sum := sha256.Sum256(mustDER(public))
	c.Signer = "key " + hex.EncodeToString(sum[:8])
	return c, nil
}

// unpack compares the files with what was signed.
func unpack(files channel.Files, st *seal.Statement) (*Contents, error) {
	var p listed
	if err := strictjson.Unmarshal(st.Predicate, seal.StatementLimit, &p); err != nil {
		return nil, fmt.Errorf("read what was signed: %w", err)
	}
	if len(files) != len(p.Files) || len(st.Subject) != len(p.Files) {
		return nil, fmt.Errorf("it holds %d files, signed are %d", len(files), len(p.Files))
	}
	c := &Contents{Packed: p.Packed}
	for i, e := range p.Files {
		if s := st.Subject[i]; s.Name != e.Name || len(s.Digest) != 1 || s.Digest["sha256"] != e.SHA256 {
			return nil, fmt.Errorf("what was signed says two things of %.100q", e.Name)
		}
		at := slices.IndexFunc(files, func(f channel.File) bool { return f.Name == e.Name })
		if at < 0 || input.SHA256(files[at].Data) != e.SHA256 {
			return nil, fmt.Errorf("%.100q is missing, or was changed after it was signed", e.Name)
		}
		if err := c.take(e, files[at].Data); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Contents) take(e Entry, data []byte) (err error) {
	file := &input.File{Name: path.Base(e.Name), Data: data}
	switch {
	case e.Name == deviceRootsName && e.Kind == "device-roots":
		c.DeviceRoots, err = nvidia.Chain(data)
	case e.Name == rimRootsName && e.Kind == "rim-roots":
		c.ManifestRoots, err = nvidia.Chain(data)
	case strings.HasPrefix(e.Name, manifestFolder) && e.Kind == "manifest":
		c.Manifests = append(c.Manifests, file)
	case strings.HasPrefix(e.Name, answerFolder) && e.Kind == "ocsp":
		c.Answers = append(c.Answers, file)
	default:
		err = fmt.Errorf("%.100q of the kind %.40q is not known", e.Name, e.Kind)
	}
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func mustDER(public any) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil // it was parsed from one
	}
	return der
}
