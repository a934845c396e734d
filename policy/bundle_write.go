package policy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// BundleSigner is a private key that bundles are signed with.
type BundleSigner struct {
	pem, algorithm string
	outside        func(files []byte) ([]byte, error)
}

// NewOutsideSigner is one whose key another process has: sign gets a list of files in JSON
// and gives what [BundleSigner.Sign] makes of it there.
func NewOutsideSigner(sign func(files []byte) ([]byte, error)) *BundleSigner {
	return &BundleSigner{outside: sign}
}

// outsideSigner is the name under which OPA finds it.
const outsideSigner = "gpuaudit-outside"

// GenerateSignedToken implements [bundle.Signer].
func (s *BundleSigner) GenerateSignedToken(files []bundle.FileInfo, _ *bundle.SigningConfig, _ string) (string, error) {
	text, err := json.Marshal(files)
	if err != nil {
		return "", err
	}
	token, err := s.outside(text)
	return string(token), err
}

// Sign signs a list of the files of a bundle, with their digests: the token is what
// stands in a bundle (OPA, "Signature Format"). Nothing else is signed.
func (s *BundleSigner) Sign(files []byte) ([]byte, error) {
	var list []bundle.FileInfo
	if err := strictjson.Unmarshal(files, BundleLimit, &list); err != nil {
		return nil, fmt.Errorf("what is to be signed is no list of files: %w", err)
	}
	for _, f := range list {
		if digest, err := hex.DecodeString(f.Hash); err != nil || len(digest) != sha256.Size || f.Name == "" || f.Algorithm != string(bundle.SHA256) {
			return nil, fmt.Errorf("what is to be signed is no list of files: %.80q", f.Name)
		}
	}
	token, err := bundle.GenerateSignedToken(list, s.config(), keyID)
	return []byte(token), err
}

func (s *BundleSigner) config() *bundle.SigningConfig {
	return bundle.NewSigningConfig(s.pem, s.algorithm, "")
}

// sign puts the signature into a bundle.
func (s *BundleSigner) sign(b *bundle.Bundle) error {
	config := s.config()
	if s.outside != nil {
		if err := bundle.RegisterSigner(outsideSigner, s); err != nil {
			return err
		}
		config = config.WithPlugin(outsideSigner)
	}
	err := b.GenerateSignature(config, keyID, true)
	b.Signatures.Plugin = s.config().Plugin // by which it is verified
	return err
}

// NewBundleSigner reads a PEM private key of one of the types of [NewBundleKey]:
// PKCS #8, SEC 1 or PKCS #1. OPA's own signing takes no encrypted keys.
func NewBundleSigner(text []byte) (*BundleSigner, error) {
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam writes the curve's name first
		block, _ = pem.Decode(rest)
	}
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM block", ErrBundleKey)
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: a PEM block %q is no private key that can be read here", ErrBundleKey, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundleKey, err)
	}
	var pub any
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		pub = &k.PublicKey
	case *rsa.PrivateKey:
		pub = &k.PublicKey
	case crypto.Signer:
		pub = k.Public() // of a type that the message names
	}
	algorithm, err := bundleAlgorithm(pub)
	if err != nil {
		return nil, err
	}
	return &BundleSigner{pem: string(pem.EncodeToMemory(block)), algorithm: algorithm}, nil
}

// WriteBundle packs the user's rules of a source, with the library rules that
// they call, as an OPA bundle. Tests are left out. The same rules give the same
// bytes, but for a signature of ECDSA, which is never the same twice. A nil
// signer makes a bundle that is not signed.
func WriteBundle(w io.Writer, src Source, signer *BundleSigner) error {
	set, err := readSource(src, src.Limits.withDefaults())
	if err != nil {
		return err
	}
	if len(set.builtIn) == 0 || src.User == nil {
		return compileError("bundle", "there are no rules of your own")
	}
	data, err := userData(src)
	if err != nil {
		return err
	}
	b := &bundle.Bundle{Data: data, Modules: set.bundled()}
	b.Manifest = bundle.Manifest{Roots: new(roots(b, len(data) > 0)), RegoVersion: new(1)}
	if signer != nil {
		if err := signer.sign(b); err != nil {
			return fmt.Errorf("sign the bundle: %w", err)
		}
	}
	if err := bundle.NewWriter(w).UseModulePath(true).DisableFormat(true).Write(*b); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}

// userData is the user's data as a document, alone.
func userData(src Source) (map[string]any, error) {
	own := newSourceSet()
	if err := own.read(src.User, userPrefix, src.Limits.withDefaults()); err != nil {
		return nil, err
	}
	if len(own.data) == 0 {
		return map[string]any{}, nil
	}
	return own.document(), nil
}

// bundled are the user's modules, and the library that they need in a folder of
// its own, sorted by name.
func (s *sourceSet) bundled() []bundle.ModuleFile {
	needed := map[string]bool{}
	for name, m := range s.modules {
		if Users(name) {
			s.need(m, needed)
		}
	}
	var files []bundle.ModuleFile
	for _, name := range slices.Sorted(maps.Keys(s.modules)) {
		m, place := s.modules[name], strings.TrimPrefix(name, userPrefix)
		switch {
		case Users(name):
		case needed[packageName(m)]:
			place = path.Join(libraryFolder, name)
		default:
			continue
		}
		files = append(files, bundle.ModuleFile{URL: "/" + place, Path: "/" + place, RelativePath: "/" + place, Parsed: m, Raw: s.texts[name]})
	}
	return files
}

// need marks the built-in packages that a module imports, and those that they do.
func (s *sourceSet) need(m *ast.Module, needed map[string]bool) {
	for _, imp := range m.Imports {
		ref, ok := imp.Path.Value.(ast.Ref)
		if !ok {
			continue
		}
		for file, pkg := range s.builtIn {
			if name := trimData(pkg.String()); ref.HasPrefix(pkg) && !needed[name] {
				needed[name] = true
				s.need(s.modules[file], needed)
			}
		}
	}
}

// roots are the parts of OPA's document that the bundle brings.
func roots(b *bundle.Bundle, data bool) []string {
	var list []string
	if data {
		list = append(list, "gpuaudit/data")
	}
	for _, m := range b.Modules {
		list = append(list, strings.ReplaceAll(packageName(m.Parsed), ".", "/"))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	// A root within another one is not allowed, and is said by it already.
	return slices.DeleteFunc(list, func(r string) bool {
		return slices.ContainsFunc(list, func(other string) bool { return strings.HasPrefix(r, other+"/") })
	})
}
