// Package overlay reads catalogues of operators: rows that somebody signed who may
// speak for the devices in them.
package overlay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// PredicateType is that of a catalogue; the predicate is [catalogue.Rows]
// (docs/schema/catalogue.v1.json).
const PredicateType = "https://gpuaudit.github.io/catalogue/v1"

// Why a catalogue is not believed, beside the errors of package seal.
var (
	// ErrContent: it holds no rows that can be used; the text names the row.
	ErrContent = errors.New("the catalogue cannot be used")
	// ErrScope: the signer may not speak for a device in it.
	ErrScope = errors.New("the signer may not speak for this")
)

// rowsLimit caps the rows.
const rowsLimit = 8 << 20

// Catalogue is rows whose signature was verified.
type Catalogue struct {
	Rows *catalogue.Rows
	// Signer names the key or identity of the trust file.
	Signer string
	// SHA256 is the digest of the bundle.
	SHA256 string
}

// Parse reads rows that nobody has signed.
func Parse(text []byte) (*catalogue.Rows, error) {
	var rows catalogue.Rows
	if err := strictjson.Unmarshal(text, rowsLimit, &rows); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	return &rows, nil
}

// Statement is rows as a statement to sign: an in-toto statement whose subject
// is the digest of the rows. They are held against the catalogue that they will
// be laid on first.
func Statement(text []byte, base *catalogue.Catalogue) ([]byte, error) {
	rows, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if _, _, err := base.With(rows, "you"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	subject, err := subject(rows)
	if err != nil {
		return nil, err
	}
	return seal.NewStatement([]seal.Subject{subject}, PredicateType, rows)
}

func subject(rows *catalogue.Rows) (seal.Subject, error) {
	text, err := seal.Encode(rows)
	if err != nil {
		return seal.Subject{}, fmt.Errorf("encode the catalogue: %w", err)
	}
	sum := sha256.Sum256(text)
	return seal.Subject{Name: "catalogue " + rows.Name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}, nil
}

// Verify checks signature, type, content and scope, in this order. Only operators
// of the trust file state catalogues, on devices and boards that they may speak
// for: who sells a card does not say what it was made as.
func Verify(bundle []byte, trust *manifest.Trust, now time.Time) (*Catalogue, error) {
	v, err := seal.NewVerifier(trust.Policy(PredicateType, now))
	if err != nil {
		return nil, err
	}
	s, err := v.Verify(bundle)
	if err != nil {
		return nil, err
	}
	rows, err := Parse(s.Statement.Predicate)
	if err != nil {
		return nil, err
	}
	want, err := subject(rows)
	if err != nil {
		return nil, err
	}
	spelling, err := seal.Encode(rows)
	if err != nil {
		return nil, err
	}
	got := s.Statement.Subject
	if len(got) != 1 || got[0].Name != want.Name || len(got[0].Digest) != 1 || got[0].Digest["sha256"] != want.Digest["sha256"] || !bytes.Equal(spelling, s.Statement.Predicate) {
		return nil, fmt.Errorf("%w: the subject is not its rows", ErrContent)
	}
	if err := maySpeak(trust.Named(s.Signer), rows); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bundle)
	return &Catalogue{Rows: rows, Signer: s.Signer, SHA256: hex.EncodeToString(sum[:])}, nil
}

func maySpeak(scope manifest.Scope, rows *catalogue.Rows) error {
	if scope.Kind != manifest.Operator {
		return fmt.Errorf("%w: %q is trusted as %s, and operators state catalogues", ErrScope, scope.Name, scope.Kind)
	}
	for _, id := range rows.Vendors() {
		vendor, board := id[0], id[1]
		// The maker of a board alone is looked up as one whose devices the signer may
		// speak for.
		if vendor == "" {
			vendor = board
		}
		if !scope.ForDevice(vendor, board) {
			return fmt.Errorf("%w: %s; the catalogue speaks of %s", ErrScope, scope.Words(), vendor)
		}
	}
	return nil
}
