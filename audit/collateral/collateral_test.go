package collateral_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/archive"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// packer signs and packs for tests.
type packer struct {
	t      testing.TB
	signer *seal.Signer
	public *input.File
	card   *nvidiatest.Card
}

func newPacker(t testing.TB) *packer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := seal.NewSigner(key)
	must(t, err)
	public, err := signer.PublicKeyPEM()
	must(t, err)
	card, err := nvidiatest.New(nvidiatest.ChipID)
	must(t, err)
	return &packer{t, signer, &input.File{Name: "operator.pub", Data: public}, card}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *packer) contents() *collateral.Contents {
	manifest, err := p.card.Manifest(p.card.Driver)
	must(p.t, err)
	answer, err := ocsp.CreateResponse(p.card.Signed.Chain[2], p.card.Signed.Chain[2], ocsp.Response{SerialNumber: big.NewInt(2), ThisUpdate: now, NextUpdate: now.Add(time.Hour)}, p.card.Signed.KeyOf(2))
	must(p.t, err)
	return &collateral.Contents{
		DeviceRoots: p.card.Signed.Root(), ManifestRoots: p.card.Maker.Root(), Packed: now,
		Manifests: []*input.File{{Name: nvidiatest.DriverFile, Data: manifest}}, Answers: []*input.File{{Name: "a.der", Data: answer}},
	}
}

func (p *packer) pack(c *collateral.Contents) ([]byte, []collateral.Entry, error) {
	var b bytes.Buffer
	sign := func(ctx context.Context, statement []byte) ([]byte, error) {
		return seal.Sign(ctx, statement, p.signer)
	}
	entries, err := collateral.Write(p.t.Context(), &b, c, rim.Policy{Now: now, Roots: p.card.Maker.Root()}, sign)
	return b.Bytes(), entries, err
}

// TestWhole: what was packed comes back, with until when each part holds, and equal
// contents of one signature give equal bytes.
func TestWhole(t *testing.T) {
	p := newPacker(t)
	b, entries, err := p.pack(p.contents())
	must(t, err)
	want := map[string]string{"device-roots": "9999-12-31T23:59:59Z", "rim-roots": "", "manifest": "2027-01-01T00:00:00Z", "ocsp": "2026-06-01T01:00:00Z"}
	if len(entries) != 4 {
		t.Errorf("%+v", entries)
	}
	for _, e := range entries {
		if until, known := want[e.Kind]; !known || until != "" && e.Until != until || e.SHA256 == "" {
			t.Errorf("%+v", e)
		}
	}
	c, err := collateral.Read(&input.File{Name: "x", Data: b}, p.public, now)
	must(t, err)
	if !c.Packed.Equal(now) || !strings.HasPrefix(c.Signer, "key ") || len(c.Manifests) != 1 || len(c.Answers) != 1 || !c.DeviceRoots[0].Equal(p.card.Signed.Root()[0]) || !c.ManifestRoots[0].Equal(p.card.Maker.Root()[0]) {
		t.Errorf("%+v", c)
	}
	if c.Manifests[0].Name != nvidiatest.DriverFile {
		t.Errorf("%s: a driver's manifest is found by its name", c.Manifests[0].Name)
	}
}

// TestNotPacked: what would not count is not packed.
func TestNotPacked(t *testing.T) {
	p := newPacker(t)
	other := newPacker(t)
	for name, tt := range map[string]struct {
		edit func(*collateral.Contents)
		says string
	}{
		"nothing": {func(c *collateral.Contents) { *c = collateral.Contents{} }, "nothing to pack"},
		"an edited one": {func(c *collateral.Contents) {
			c.Manifests[0].Data = bytes.Replace(c.Manifests[0].Data, []byte("0707"), []byte("0708"), 1)
		}, "(digest)"},
		"another maker's":  {func(c *collateral.Contents) { c.Manifests = other.contents().Manifests }, "(unknown-root)"},
		"no answer":        {func(c *collateral.Contents) { c.Answers[0].Data = []byte("x") }, "a.der: "},
		"two of one name":  {func(c *collateral.Contents) { c.Manifests = append(c.Manifests, c.Manifests[0]) }, "two files are called"},
		"no manifest":      {func(c *collateral.Contents) { c.Manifests[0].Data = []byte("<a/>") }, nvidiatest.DriverFile},
		"the answer twice": {func(c *collateral.Contents) { c.Answers = append(c.Answers, c.Answers[0]) }, "two files are called"},
	} {
		c := p.contents()
		tt.edit(c)
		if _, _, err := p.pack(c); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// TestRefused: a file that anybody else packed, or changed since, does not count, and where
// it is the signature that fails, that is said.
func TestRefused(t *testing.T) {
	p := newPacker(t)
	b, _, err := p.pack(p.contents())
	must(t, err)
	files, err := archive.Read(bytes.NewReader(b))
	must(t, err)
	again := func(edit func(channel.Files) channel.Files) []byte {
		copied := slices.Clone(files)
		for i := range copied {
			copied[i].Data = bytes.Clone(copied[i].Data)
		}
		var out bytes.Buffer
		must(t, archive.Write(&out, channel.Sorted(edit(copied))))
		return out.Bytes()
	}
	at := func(f channel.Files, part string) int {
		return slices.IndexFunc(f, func(x channel.File) bool { return strings.Contains(x.Name, part) })
	}
	stranger := newPacker(t)
	for name, tt := range map[string]struct {
		data   []byte
		key    *input.File
		says   string
		signed bool // that it is the signature
	}{
		"no key":            {b, nil, "--collateral-key", false},
		"no public key":     {b, &input.File{Name: "k", Data: []byte("x")}, "--collateral-key k", false},
		"another key":       {b, stranger.public, "x: ", true},
		"no archive":        {[]byte("x"), p.public, "not an archive", false},
		"cut":               {b[:len(b)/2], p.public, "x: ", false},
		"data behind":       {append(slices.Clone(b), 0), p.public, "after its end", false},
		"not signed":        {again(func(f channel.Files) channel.Files { i := at(f, "sigstore"); return slices.Delete(f, i, i+1) }), p.public, "nobody signed it", true},
		"a manifest gone":   {again(func(f channel.Files) channel.Files { i := at(f, "manifests/"); return slices.Delete(f, i, i+1) }), p.public, "it holds 3 files, signed are 4", true},
		"a file more":       {again(func(f channel.Files) channel.Files { return append(f, channel.File{Name: "ocsp/x.der"}) }), p.public, "it holds 5 files", true},
		"an answer changed": {again(func(f channel.Files) channel.Files { f[at(f, "ocsp/")].Data[40] ^= 1; return f }), p.public, "was changed", true},
		"a root changed": {again(func(f channel.Files) channel.Files {
			f[at(f, "device-roots")].Data = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: stranger.card.Signed.Root()[0].Raw})
			return f
		}), p.public, "was changed", true},
		"another in its place": {again(func(f channel.Files) channel.Files { f[at(f, "ocsp/")].Name = "ocsp/y.der"; return f }), p.public, "is missing", true},
	} {
		_, err := collateral.Read(&input.File{Name: "x", Data: tt.data}, tt.key, now)
		if err == nil || !strings.Contains(err.Error(), tt.says) || (fault.Of(err) == fault.Signature) != tt.signed {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// TestAnotherStatement: a key that signs other things, too, vouches for no collateral by
// them.
func TestAnotherStatement(t *testing.T) {
	p := newPacker(t)
	statement, err := seal.NewStatement([]seal.Subject{{Name: "x", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}}}, "https://gpuaudit.github.io/waivers/v1", map[string]int{"waivers": 1})
	must(t, err)
	bundle, err := seal.Sign(t.Context(), statement, p.signer)
	must(t, err)
	var out bytes.Buffer
	must(t, archive.Write(&out, channel.Files{{Name: "collateral.sigstore.json", Data: bundle}, {Name: "ocsp/x.der", Data: []byte("x")}}))
	if _, err := collateral.Read(&input.File{Name: "x", Data: out.Bytes()}, p.public, now); fault.Of(err) != fault.Signature {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	p := newPacker(f)
	b, _, err := p.pack(p.contents())
	must(f, err)
	f.Add(b)
	z, err := gzip.NewReader(bytes.NewReader(b))
	must(f, err)
	plain, err := io.ReadAll(z)
	must(f, err)
	h, err := tar.NewReader(bytes.NewReader(plain)).Next()
	must(f, err)
	f.Add([]byte(h.Name))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := collateral.Read(&input.File{Name: "x", Data: b}, p.public, now)
		if (c == nil) == (err == nil) {
			t.Errorf("%v %v", c, err)
		}
	})
}
