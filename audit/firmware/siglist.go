package firmware

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Signature types of an EFI signature list (UEFI Specification 2.10, section
// 32.4.1), as the bytes of their GUIDs.
const (
	guidSHA256     = "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28"
	guidX509       = "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
	guidX509SHA256 = "\x92\xa4\xd2\x3b\xc0\x96\x79\x40\xb4\x20\xfc\xf9\x8e\xf1\x03\xed"
	// guidRedacted is of this program's own: an entry that redaction took out of a
	// capture, of which the owner and the data are zeros (RFC 9562, version 8).
	guidRedacted = "gpuaudi\x88\x80redacte"
	listHeader   = 28 // GUID, list size, header size, signature size
	ownerBytes   = 16
)

// MaxSignatureDatabase caps a Secure Boot database, in bytes; real ones have
// some tens of KiB.
const MaxSignatureDatabase = 1 << 20

// ErrSignatureList says that a Secure Boot database does not parse.
var ErrSignatureList = errors.New("malformed EFI signature list")

// SignatureDatabase is a Secure Boot database, db or dbx.
type SignatureDatabase struct {
	digests      map[[sha256.Size]byte]bool // of images
	certificates map[[sha256.Size]byte]bool // of the DER bytes of certificates
	bodies       map[[sha256.Size]byte]bool // of the to-be-signed part of certificates
	parsed       []*x509.Certificate
	unread       int
	redacted     int // of those, the ones that redaction took out
}

// ParseSignatureDatabase reads concatenated EFI signature lists, the content of
// the variable db or dbx without the attributes before it.
func ParseSignatureDatabase(b []byte) (*SignatureDatabase, error) {
	d := &SignatureDatabase{digests: map[[32]byte]bool{}, certificates: map[[32]byte]bool{}, bodies: map[[32]byte]bool{}}
	entries, err := SignatureEntries(b)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		d.add(e.Type, e.Data)
	}
	return d, nil
}

// RedactedEntry is the type of an entry that redaction took out of a capture.
const RedactedEntry = guidRedacted

// SignatureEntry is one entry of a signature list, its owner left out.
type SignatureEntry struct {
	Type string // the bytes of its GUID
	Data []byte
}

// IsDigest says that the data are the SHA-256 of an image.
func (e SignatureEntry) IsDigest() bool { return e.Type == guidSHA256 && len(e.Data) == sha256.Size }

// SignatureEntries takes concatenated EFI signature lists apart.
func SignatureEntries(b []byte) ([]SignatureEntry, error) {
	if len(b) > MaxSignatureDatabase {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrSignatureList, len(b), MaxSignatureDatabase)
	}
	var list []SignatureEntry
	for at := 0; at < len(b); {
		rest := b[at:]
		if len(rest) < listHeader {
			return nil, fmt.Errorf("%w: offset %#x: %d bytes are no list header", ErrSignatureList, at, len(rest))
		}
		size, head, each := le32(rest[16:]), le32(rest[20:]), le32(rest[24:])
		if size < listHeader || size > len(rest) || head > size-listHeader || each <= ownerBytes || (size-listHeader-head)%each != 0 {
			return nil, fmt.Errorf("%w: offset %#x: a list of %d bytes with a header of %d and entries of %d", ErrSignatureList, at, size, head, each)
		}
		kind := string(rest[:16])
		for entries := rest[listHeader+head : size]; len(entries) > 0; entries = entries[each:] {
			list = append(list, SignatureEntry{Type: kind, Data: entries[ownerBytes:each]})
		}
		at += size
	}
	return list, nil
}

func le32(b []byte) int { return int(binary.LittleEndian.Uint32(b)) }

// add takes in one entry. What is of another type is counted: a database that
// was not understood whole can say "listed", and never "not listed".
func (d *SignatureDatabase) add(kind string, data []byte) {
	switch {
	case kind == guidSHA256 && len(data) == sha256.Size:
		d.digests[[32]byte(data)] = true
	case kind == guidX509:
		d.certificates[sha256.Sum256(data)] = true
		if c, err := x509.ParseCertificate(data); err == nil {
			d.parsed = append(d.parsed, c)
		} else {
			d.unread++ // what it issued cannot be told
		}
	case kind == guidX509SHA256 && len(data) == sha256.Size+16 && bytes.Count(data[sha256.Size:], []byte{0}) == 16:
		d.bodies[[32]byte(data)] = true
	case kind == guidRedacted:
		d.unread++
		d.redacted++
	default: // also a certificate revoked from a time on, which no option ROM's signature tells
		d.unread++
	}
}

// Facts are what a report says of the database.
func (d *SignatureDatabase) Facts() *inventory.SignatureDatabase {
	f := &inventory.SignatureDatabase{Digests: len(d.digests), CertificateDigests: len(d.bodies), Unread: d.unread}
	for _, c := range d.parsed {
		sum := sha256.Sum256(c.Raw)
		f.Certificates = append(f.Certificates, inventory.DatabaseCertificate{
			Subject: clip(c.Subject.String()), SHA256: hex.EncodeToString(sum[:]), NotAfter: c.NotAfter.UTC(),
		})
	}
	return f
}

// Redacted counts the entries that redaction took out of the capture.
func (d *SignatureDatabase) Redacted() int { return d.redacted }

// lists says whether the database holds an image: by its digest, or by a
// certificate of the path behind its signature, the issuer of the last included.
// It is nil where that cannot be told.
func (d *SignatureDatabase) lists(digest []byte, path []*x509.Certificate) *bool {
	if d == nil {
		return nil
	}
	if len(digest) == sha256.Size && d.digests[[32]byte(digest)] {
		return new(true)
	}
	for _, c := range path {
		if d.certificates[sha256.Sum256(c.Raw)] || d.bodies[sha256.Sum256(c.RawTBSCertificate)] || d.issued(c) {
			return new(true)
		}
	}
	if d.unread > 0 {
		return nil
	}
	return new(false)
}

func (d *SignatureDatabase) issued(c *x509.Certificate) bool {
	for _, ca := range d.parsed {
		if bytes.Equal(ca.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(ca) == nil {
			return true
		}
	}
	return false
}
