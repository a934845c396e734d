package nvidia

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gpuaudit/gpuaudit/attest/comid"
)

// deviceRoot is the SHA-256 of the certificate "NVIDIA Device Identity CA" (P-384, from
// 2021-11-05 on), which every chain that was seen ends with. It lies in NVIDIA/nvtrust as
// verifier_device_root.pem.
const deviceRoot = "102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48"

// ManifestRoot is the SHA-256 of the certificate "NVIDIA CoRIM signing Root CA" (P-384,
// 2023-03-16 to 2053-03-08), which vouches for the signers of reference manifests. It
// lies in NVIDIA/nvtrust as verifier_RIM_root.pem.
var ManifestRoot = [sha256.Size]byte{0x12, 0x97, 0x7b, 0x51, 0x15, 0xac, 0xb0, 0x38, 0x11, 0x79, 0x27, 0x9f, 0xff, 0xeb, 0x5a, 0x8c,
	0x4d, 0x26, 0x49, 0x71, 0xeb, 0xb3, 0x22, 0x98, 0x02, 0x3a, 0x46, 0x5f, 0xa4, 0x1d, 0xf5, 0xd1}

// Roots are the certificates of a chain that NVIDIA is known to vouch for devices with:
// its last one, where it is the pinned root.
func Roots(chain []*x509.Certificate) []*x509.Certificate {
	if len(chain) == 0 {
		return nil
	}
	last := chain[len(chain)-1]
	if sum := sha256.Sum256(last.Raw); hex.EncodeToString(sum[:]) != deviceRoot {
		return nil
	}
	return []*x509.Certificate{last}
}

// Object ids of the extensions in which a device's certificate states what it started
// (TCG, "DICE Attestation Architecture"): the first as Hopper has it, the second DICE's
// TcbInfo from Blackwell on.
var (
	oidCompositeID = asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1}
	oidTCBInfo     = asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1, 1}
)

// fwid is the digest of the firmware that the leaf certificate was made for; nil where
// it states none.
func fwid(leaf *x509.Certificate) ([]byte, error) {
	for _, e := range leaf.Extensions {
		switch {
		case e.Id.Equal(oidTCBInfo):
			return tcbInfo(e.Value)
		case e.Id.Equal(oidCompositeID):
			return compositeID(e.Value)
		}
	}
	return nil, nil
}

// compositeID reads SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid
// SEQUENCE { hashAlg OID, digest OCTET STRING } }.
func compositeID(der []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var seq, key cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&key, cbasn1.SEQUENCE) {
		return nil, fmt.Errorf("the extension %s is malformed", oidCompositeID)
	}
	digest, ok := readFWID(&seq)
	if !ok || !seq.Empty() {
		return nil, fmt.Errorf("the extension %s is malformed", oidCompositeID)
	}
	return digest, nil
}

// tcbInfo reads the first of the fwids of DiceTcbInfo; the other fields are skipped.
func tcbInfo(der []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, fmt.Errorf("the extension %s is malformed", oidTCBInfo)
	}
	for !seq.Empty() {
		var field cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&field, &tag) {
			return nil, fmt.Errorf("the extension %s is malformed", oidTCBInfo)
		}
		if tag != cbasn1.Tag(6).ContextSpecific().Constructed() {
			continue
		}
		digest, ok := readFWID(&field)
		if !ok {
			return nil, fmt.Errorf("the extension %s has a malformed list of firmware ids", oidTCBInfo)
		}
		return digest, nil
	}
	return nil, nil
}

// certifiedParts are what the certificates of a path state of what started (DiceTcbInfo),
// in the form that reference values have.
// Debug says whether one of them states that it is in debug mode.
func certifiedParts(path []*x509.Certificate) (out []comid.Triple, debug bool, err error) {
	for _, c := range path {
		for _, e := range c.Extensions {
			if !e.Id.Equal(oidTCBInfo) {
				continue
			}
			t, d, err := tcbTriple(e.Value)
			if err != nil {
				return nil, debug, fmt.Errorf("certificate %q: %w", c.Subject.CommonName, err)
			}
			out, debug = append(out, *t), debug || d
		}
	}
	return out, debug, nil
}

// debugBit is bit 3 of OperationalFlags, a BIT STRING whose first byte counts unused bits.
func debugBit(flags []byte) bool { return len(flags) > 1 && flags[1]&0x10 != 0 }

// tcbTriple reads DiceTcbInfo (TCG, "DICE Attestation Architecture", section 6.1.1). Of
// several firmware ids the first counts, and of one by another hash than SHA-384 none.
func tcbTriple(der []byte) (t *comid.Triple, debug bool, err error) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false, fmt.Errorf("the extension %s is malformed", oidTCBInfo)
	}
	t = &comid.Triple{Measurements: make([]comid.Measurement, 1)}
	values := &t.Measurements[0].Values
	for !seq.Empty() {
		var field cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&field, &tag) {
			return nil, false, fmt.Errorf("the extension %s is malformed", oidTCBInfo)
		}
		switch number := tag &^ 0xE0; number {
		case 0:
			t.Environment.Vendor = new(string(field))
		case 1:
			t.Environment.Model = new(string(field))
		case 3, 4, 5:
			n, err := small(field)
			if err != nil {
				return nil, false, err
			}
			switch number {
			case 3:
				values.SVN = &comid.SVN{Value: n}
			case 4:
				t.Environment.Layer = &n
			case 5:
				t.Environment.Index = &n
			}
		case 7:
			debug = debug || debugBit(field)
		case 6:
			if digest, ok := readFWID(&field); !ok {
				return nil, false, fmt.Errorf("the extension %s has a malformed list of firmware ids", oidTCBInfo)
			} else if len(digest) == sha512.Size384 {
				values.Digests = []comid.Digest{{Algorithm: comid.SHA384, Value: digest}}
			}
		case 8:
			values.Raw = bytes.Clone(field)
		case 9:
			t.Environment.Class = comid.ClassBytes(field)
		}
	}
	return t, debug, nil
}

// small is the content of an INTEGER that is not negative and has at most 8 bytes.
func small(b []byte) (uint64, error) {
	if len(b) == 0 || len(b) > 8 || b[0]&0x80 != 0 {
		return 0, fmt.Errorf("the extension %s holds a number of %d bytes", oidTCBInfo, len(b))
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, nil
}

func readFWID(in *cryptobyte.String) ([]byte, bool) {
	var entry, digest cryptobyte.String
	var alg asn1.ObjectIdentifier
	if !in.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1ObjectIdentifier(&alg) || !entry.ReadASN1(&digest, cbasn1.OCTET_STRING) || !entry.Empty() {
		return nil, false
	}
	return bytes.Clone(digest), true
}

// chip is what the certificate of a chip's boot ROM says of it.
type chip struct {
	// name is that of the chip, such as GH100.
	name string
	// id is its PDI, 16 hexadecimal digits.
	id string
}

// chipOf reads the boot ROM's certificate, which signed that of the firmware: its name
// begins with the chip's, and its subject's serial number is a byte of its own and the
// chip's id.
func chipOf(rom *x509.Certificate) (chip, error) {
	name, rest, _ := strings.Cut(rom.Subject.CommonName, " ")
	if !strings.HasSuffix(rest, "BROM") {
		return chip{}, fmt.Errorf("the second certificate is %q, not that of a boot ROM", rom.Subject.CommonName)
	}
	serial := rom.Subject.SerialNumber
	if b, err := hex.DecodeString(serial); err != nil || len(b) != 9 {
		return chip{}, fmt.Errorf("the serial number %q of the boot ROM's certificate is not 9 bytes in hexadecimal", serial)
	}
	return chip{name: name, id: strings.ToUpper(serial[2:])}, nil
}

// Architectures as NVIDIA labels evidence, by what the chip's name begins with.
var architectures = []struct{ prefix, arch string }{
	{"GH1", "HOPPER"}, {"GB1", "BLACKWELL"}, {"GB2", "BLACKWELL"}, {"GR1", "RUBIN"}, {"LS_10", "LS10"}, {"LS10", "LS10"},
}

// arch is the architecture of a chip, "" for one that is not known.
func (c chip) arch() string {
	for _, a := range architectures {
		if strings.HasPrefix(c.name, a.prefix) {
			return a.arch
		}
	}
	return ""
}

func (c chip) isSwitch() bool { return strings.HasPrefix(c.name, "LS") }
