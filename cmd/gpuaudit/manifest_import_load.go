package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/corim"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/cyclonedx"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/debpkg"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/lvfs"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/ocpsafe"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/whence"
)

func loadDebian(f *importFlags, now time.Time) (parse, error) {
	o := debpkg.Options{Modules: f.modules, Firmware: f.firmware, Now: now}
	var err error
	if o.InRelease, err = readGiven("in-release", f.inRelease, debpkg.ReleaseLimit); err != nil {
		return nil, err
	}
	if o.Packages, err = readGiven("packages", f.packages, debpkg.PackagesLimit); err != nil {
		return nil, err
	}
	if o.Keyring, err = readKeyring(f.keyring); err != nil {
		return nil, err
	}
	return func(ctx context.Context, document *input.Large, name string) (*importer.Result, error) {
		return debpkg.Import(ctx, document.SectionReader, name, o)
	}, nil
}

func loadWhence(f *importFlags, now time.Time) (parse, error) {
	o := whence.Options{Drivers: f.drivers, Files: f.firmware, Now: now}
	var err error
	if o.Signature, err = readGiven("signature", f.signature, whence.SignatureLimit); err != nil {
		return nil, err
	}
	if o.Keyring, err = readKeyring(f.keyring); err != nil {
		return nil, err
	}
	return func(ctx context.Context, document *input.Large, name string) (*importer.Result, error) {
		return whence.Import(ctx, document.SectionReader, name, o)
	}, nil
}

func loadCoRIM(f *importFlags, _ time.Time) (parse, error) {
	kind, keys, err := f.measured()
	if err != nil {
		return nil, err
	}
	o := corim.Options{Kind: kind, Model: f.model, Keys: keys}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return corim.Import(document.Bytes(), name, o)
	}, nil
}

func loadOCPSafe(f *importFlags, _ time.Time) (parse, error) {
	kind, keys, err := f.measured()
	if err != nil {
		return nil, err
	}
	o := ocpsafe.Options{Kind: kind, Keys: keys}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return ocpsafe.Import(document.Bytes(), name, o)
	}, nil
}

func loadCycloneDX(f *importFlags, _ time.Time) (parse, error) {
	kind, _, err := f.measured()
	if err != nil {
		return nil, err
	}
	o := cyclonedx.Options{Kind: kind, Name: f.model}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return cyclonedx.Import(document.Bytes(), name, o)
	}, nil
}

func loadLVFS(f *importFlags, now time.Time) (parse, error) {
	devices, err := parseDevices(f.pci)
	if err != nil {
		return nil, err
	}
	o := lvfs.Options{Kind: f.as, Devices: devices, Now: now}
	if f.as != "" {
		if _, err := importer.ParseKind(f.as); err != nil {
			return nil, fmt.Errorf("--as: %w", err)
		}
	}
	text, err := readGiven("ca", f.ca, importer.KeysLimit)
	if err != nil {
		return nil, err
	}
	if f.ca != "" {
		if o.CA = x509.NewCertPool(); !o.CA.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca %s: it holds no certificate in PEM", f.ca)
		}
	}
	if o.Keyring, err = readKeyring(f.keyring); err != nil {
		return nil, err
	}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return lvfs.Import(document.Bytes(), name, o)
	}, nil
}

// measured reads what formats of bare digests need: what those are of, and the
// keys to verify with.
func (f *importFlags) measured() (kind string, keys []importer.Key, err error) {
	if kind, err = importer.ParseKind(f.as); err != nil {
		return "", nil, fmt.Errorf("--as: %w", err)
	}
	for _, name := range f.keys {
		text, err := readGiven("key", name, importer.KeysLimit)
		if err != nil {
			return "", nil, err
		}
		more, err := importer.ParseKeys(text, filepath.Base(name))
		if err != nil {
			return "", nil, fmt.Errorf("--key %s: %w", name, err)
		}
		keys = append(keys, more...)
	}
	return kind, keys, nil
}

// readGiven reads a file that a flag names, or nothing.
func readGiven(flag, name string, limit int64) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	b, err := readFile(name, limit)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return b, nil
}

func readKeyring(name string) (*pgp.Keyring, error) {
	text, err := readGiven("keyring", name, pgp.KeyringLimit)
	if err != nil || text == nil {
		return nil, err
	}
	keyring, err := pgp.ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("--keyring %s: %w", name, err)
	}
	return keyring, nil
}
