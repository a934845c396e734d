package formats

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

func loadDebian(o *Options, now time.Time) (parse, error) {
	own := debpkg.Options{Modules: o.Modules, Firmware: o.Firmware, Now: now}
	var err error
	if own.InRelease, err = readGiven("in-release", o.InRelease, debpkg.ReleaseLimit); err != nil {
		return nil, err
	}
	if own.Packages, err = readGiven("packages", o.Packages, debpkg.PackagesLimit); err != nil {
		return nil, err
	}
	if own.Keyring, err = readKeyring(o.Keyring); err != nil {
		return nil, err
	}
	return func(ctx context.Context, document *input.Large, name string) (*importer.Result, error) {
		return debpkg.Import(ctx, document.SectionReader, name, own)
	}, nil
}

func loadWhence(o *Options, now time.Time) (parse, error) {
	own := whence.Options{Drivers: o.Drivers, Files: o.Firmware, Now: now}
	var err error
	if own.Signature, err = readGiven("signature", o.Signature, whence.SignatureLimit); err != nil {
		return nil, err
	}
	if own.Keyring, err = readKeyring(o.Keyring); err != nil {
		return nil, err
	}
	return func(ctx context.Context, document *input.Large, name string) (*importer.Result, error) {
		return whence.Import(ctx, document.SectionReader, name, own)
	}, nil
}

func loadCoRIM(o *Options, _ time.Time) (parse, error) {
	kind, keys, err := o.measured()
	if err != nil {
		return nil, err
	}
	own := corim.Options{Kind: kind, Model: o.Model, Keys: keys}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return corim.Import(document.Bytes(), name, own)
	}, nil
}

func loadOCPSafe(o *Options, _ time.Time) (parse, error) {
	kind, keys, err := o.measured()
	if err != nil {
		return nil, err
	}
	own := ocpsafe.Options{Kind: kind, Keys: keys}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return ocpsafe.Import(document.Bytes(), name, own)
	}, nil
}

func loadCycloneDX(o *Options, _ time.Time) (parse, error) {
	kind, _, err := o.measured()
	if err != nil {
		return nil, err
	}
	own := cyclonedx.Options{Kind: kind, Name: o.Model}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return cyclonedx.Import(document.Bytes(), name, own)
	}, nil
}

func loadLVFS(o *Options, now time.Time) (parse, error) {
	own := lvfs.Options{Kind: o.As, Devices: o.Devices, Now: now}
	if o.As != "" {
		if _, err := importer.ParseKind(o.As); err != nil {
			return nil, fmt.Errorf("--as: %w", err)
		}
	}
	text, err := readGiven("ca", o.CA, importer.KeysLimit)
	if err != nil {
		return nil, err
	}
	if o.CA != "" {
		if own.CA = x509.NewCertPool(); !own.CA.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca %s: it holds no certificate in PEM", o.CA)
		}
	}
	if own.Keyring, err = readKeyring(o.Keyring); err != nil {
		return nil, err
	}
	return func(_ context.Context, document *input.Large, name string) (*importer.Result, error) {
		return lvfs.Import(document.Bytes(), name, own)
	}, nil
}

// measured reads what formats of bare digests need: what those are of, and the
// keys to verify with.
func (o *Options) measured() (kind string, keys []importer.Key, err error) {
	if kind, err = importer.ParseKind(o.As); err != nil {
		return "", nil, fmt.Errorf("--as: %w", err)
	}
	for _, name := range o.Keys {
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
	f, err := input.Read(name, limit)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return f.Data, nil
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
