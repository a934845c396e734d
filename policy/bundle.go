package policy

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Why an OPA bundle is not taken.
var (
	// ErrBundle: it is no bundle of rules.
	ErrBundle = errors.New("invalid policy bundle")
	// ErrBundleSignature: the key did not sign exactly these files.
	ErrBundleSignature = errors.New("the signature of the policy bundle does not verify")
	// ErrBundleKey: the key cannot be used.
	ErrBundleKey = errors.New("unusable key for policy bundles")
)

// Caps on a bundle, packed and unpacked.
const (
	BundleLimit   = 16 << 20
	unpackedLimit = 8 << 20
	bundleRules   = 1 << 20 // the rules in it; a byte takes some hundred once it is parsed
	bundleFiles   = 2000
)

// keyID names the one key of a verification. OPA takes a token's own word for
// its key where this is empty (GHSA-g2pf-6v5v-qcc8), so it never is.
const keyID = "default"

// libraryFolder holds, in bundles that [WriteBundle] makes, the built-in library,
// so that OPA can run them. It is not read: the library of this program is used.
const libraryFolder = "gpuaudit-library/"

// BundleKey is a public key that bundles have to be signed with.
type BundleKey struct {
	pem, algorithm, scope string
}

// NewBundleKey reads a PEM public key: ECDSA P-256 (ES256) or P-384 (ES384), or
// RSA (RS256), which are the types that OPA signs bundles with. The key decides
// on the algorithm, never the bundle. scope is the scope that the signature has
// to state; OPA leaves it empty unless it is told one.
func NewBundleKey(text []byte, scope string) (*BundleKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("%w: it is no public key in PEM (PKIX)", ErrBundleKey)
	}
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundleKey, err)
	}
	algorithm, err := bundleAlgorithm(pub)
	if err != nil {
		return nil, err
	}
	return &BundleKey{pem: string(pem.EncodeToMemory(block)), algorithm: algorithm, scope: scope}, nil
}

func bundleAlgorithm(pub any) (string, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return "ES256", nil
		case elliptic.P384():
			return "ES384", nil
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return "RS256", nil
		}
	}
	return "", fmt.Errorf("%w: %T: use ECDSA P-256 or P-384, or RSA of 2048 bits or more", ErrBundleKey, pub)
}

// OpenBundle verifies an OPA bundle (a .tar.gz with .signatures.json) and returns
// its rules in the form of [Source.User]. Every file must be signed, and every
// file that was signed must be there.
func OpenBundle(text []byte, key *BundleKey) (fs.FS, error) {
	if key == nil {
		return nil, fmt.Errorf("%w: no key", ErrBundleKey)
	}
	keys := map[string]*bundle.KeyConfig{keyID: {Key: key.pem, Algorithm: key.algorithm, Scope: key.scope}}
	return open(text, func(r *bundle.Reader) *bundle.Reader {
		return r.WithBundleVerificationConfig(bundle.NewVerificationConfig(keys, keyID, key.scope, nil))
	})
}

// OpenPinnedBundle reads a bundle whose bytes the caller has held against a
// digest that its user gave. No signature is looked at.
func OpenPinnedBundle(text []byte) (fs.FS, error) { return open(text, unverified) }

func unverified(r *bundle.Reader) *bundle.Reader { return r.WithSkipBundleVerification(true) }

func open(text []byte, with func(*bundle.Reader) *bundle.Reader) (fs.FS, error) {
	if err := checkArchive(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	b, err := readBundle(text, with)
	if err != nil {
		// What cannot be read without a look at signatures either is no bundle.
		if _, broken := readBundle(text, unverified); broken != nil {
			return nil, fmt.Errorf("%w: %w", ErrBundle, broken)
		}
		return nil, fmt.Errorf("%w: %w", ErrBundleSignature, err)
	}
	files, err := sources(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return files, nil
}

func readBundle(text []byte, with func(*bundle.Reader) *bundle.Reader) (*bundle.Bundle, error) {
	loader := bundle.NewTarballLoaderWithBaseURL(bytes.NewReader(text), "").WithSizeLimitBytes(unpackedLimit)
	b, err := with(bundle.NewCustomReader(loader).WithSizeLimitBytes(unpackedLimit).WithRegoVersion(ast.RegoV1)).Read()
	return &b, err
}

// checkArchive bounds the archive before OPA unpacks it into memory: its bytes,
// its files and their kinds, and that each name comes once.
func checkArchive(text []byte) error {
	if len(text) > BundleLimit {
		return fmt.Errorf("larger than %d bytes", BundleLimit)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read gzip: %w", err)
	}
	limited := &io.LimitedReader{R: unzip, N: unpackedLimit + 1}
	archive, seen, rules := tar.NewReader(limited), map[string]bool{}, int64(0)
	for {
		h, err := archive.Next()
		switch {
		case limited.N <= 0:
			return fmt.Errorf("unpacks to more than %d bytes", unpackedLimit)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read tar: %w", err)
		}
		name := path.Clean("/" + h.Name)
		switch {
		case h.Typeflag == tar.TypeDir:
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%.100q is neither a file nor a folder", h.Name)
		case !fs.ValidPath(strings.TrimPrefix(h.Name, "/")) && !fs.ValidPath(strings.TrimPrefix(h.Name, "./")):
			return fmt.Errorf("%.100q is no name of a file inside", h.Name)
		case seen[name]:
			return fmt.Errorf("%.100q is there twice", name)
		case len(seen) >= bundleFiles:
			return fmt.Errorf("more than %d files", bundleFiles)
		}
		seen[name] = true
		if h.Typeflag == tar.TypeDir {
			continue
		}
		switch path.Ext(name) {
		case ".json":
			text, err := io.ReadAll(archive)
			if err == nil && name != "/"+signatures {
				err = strictjson.CheckWithin(text, strictjson.Limits{Bytes: unpackedLimit, Paths: true})
			}
			if err != nil {
				return fmt.Errorf("%.100q: %w", name, err)
			}
		case ".yaml", ".yml":
			return fmt.Errorf("%.100q is YAML, and data are read as JSON alone", name)
		case ".rego":
			if rules += h.Size; rules > bundleRules {
				return fmt.Errorf("its rules have more than %d bytes", bundleRules)
			}
		}
	}
}

// signatures is the file in which OPA looks for a bundle's signatures.
const signatures = ".signatures.json"

// sources are the rules of a bundle as files, and its data as data/NAME.json.
func sources(b *bundle.Bundle) (fs.FS, error) {
	if b.Type() != bundle.SnapshotBundleType || len(b.WasmModules)+len(b.PlanModules) > 0 {
		return nil, errors.New("it holds something else than Rego and data: make it without a target of wasm or plan")
	}
	files := map[string][]byte{}
	for _, m := range b.Modules {
		name := strings.TrimPrefix(m.Path, "/")
		if !strings.Contains("/"+name, "/"+libraryFolder) { // opa build puts folders before it
			files[name] = m.Raw
		}
	}
	data, err := bundleData(b.Data)
	if err != nil {
		return nil, err
	}
	for name, v := range data {
		if files["data/"+name+".json"], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return filesystem(files)
}

// bundleData are the data sets below gpuaudit.data. Data elsewhere would be
// invisible to rules here, and is refused.
func bundleData(data map[string]any) (map[string]any, error) {
	own, _ := data["gpuaudit"].(map[string]any)
	sets, ok := own["data"].(map[string]any)
	switch {
	case len(data) == 0:
		return nil, nil
	case len(data) > 1 || len(own) != 1 || !ok:
		return nil, fmt.Errorf("it holds data outside of gpuaudit.data: %s", strings.Join(slices.Sorted(maps.Keys(data)), ", "))
	}
	return sets, nil
}

// filesystem is files in memory: an archive is the simplest such file system of
// the standard library.
func filesystem(files map[string][]byte) (fs.FS, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}
