package tpmkey

import (
	encasn1 "encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// pemType marks a key file of a TPM ("ASN.1 Specification for TPM 2.0 Key Files",
// draft-bottomley-tpm2-keys; OpenSSL's tpm2 provider and tpm2_encodeobject write it).
const pemType = "TSS2 PRIVATE KEY"

// limit caps a key file; the structures of a TPM are a few hundred bytes.
const limit = 16 << 10

// loadable is id-loadablekey: a key that its parent loads.
var loadable = encasn1.ObjectIdentifier{2, 23, 133, 10, 1, 3}

// file is a key file: the two halves as the TPM gave them, and their parent.
type file struct {
	emptyAuth       bool
	parent          uint32
	public, private []byte // TPM2B_PUBLIC, TPM2B_PRIVATE
}

// IsFile says whether a text is a TPM's key file.
func IsFile(text []byte) bool {
	block, _ := pem.Decode(text)
	return block != nil && block.Type == pemType
}

func parseFile(text []byte) (*file, error) {
	if len(text) > limit {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes", ErrKey, limit)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("%w: no PEM block %q", ErrKey, pemType)
	}
	f, err := parseDER(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return f, nil
}

// parseDER reads TPMKey (section 3.1 of the draft). Policies are not supported:
// a key that needs one is refused, not used without it.
func parseDER(der []byte) (*file, error) {
	var f file
	var key, explicit, parent cryptobyte.String
	var kind encasn1.ObjectIdentifier
	input := cryptobyte.String(der)
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !input.Empty() || !key.ReadASN1ObjectIdentifier(&kind) {
		return nil, errors.New("the key file is malformed")
	}
	if !kind.Equal(loadable) {
		return nil, fmt.Errorf("a key of type %v: only loadable keys are supported", kind)
	}
	var present bool
	if !key.ReadOptionalASN1(&explicit, &present, tag(0)) || present && !readBoolean(&explicit, &f.emptyAuth) {
		return nil, errors.New("the key file is malformed")
	}
	for number := range 5 { // policy, secret, authPolicy, description, rsaParent
		if !key.ReadOptionalASN1(&explicit, &present, tag(number+1)) {
			return nil, errors.New("the key file is malformed")
		}
		if present && number+1 != 4 {
			return nil, fmt.Errorf("the key file has field [%d] (policy, import secret or RSA parent), which is not supported", number+1)
		}
	}
	if !key.ReadASN1Element(&parent, asn1.INTEGER) || !key.ReadASN1Bytes(&f.public, asn1.OCTET_STRING) ||
		!key.ReadASN1Bytes(&f.private, asn1.OCTET_STRING) || !key.Empty() {
		return nil, errors.New("the key file is malformed")
	}
	var handle int64
	if !parent.ReadASN1Integer(&handle) || handle < -1<<31 || handle > 1<<32-1 {
		return nil, errors.New("the parent is no handle")
	}
	f.parent = uint32(handle) // some writers spell it as a signed number
	return &f, nil
}

// readBoolean takes every value but 0 for true: tpm2-tools write 1, DER has 255.
func readBoolean(s *cryptobyte.String, out *bool) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.BOOLEAN) || len(content) != 1 {
		return false
	}
	*out = content[0] != 0
	return true
}

func (f *file) encode() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(loadable)
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddASN1Boolean(f.emptyAuth) })
		b.AddASN1Int64(int64(f.parent))
		b.AddASN1OctetString(f.public)
		b.AddASN1OctetString(f.private)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

func tag(number int) asn1.Tag { return asn1.Tag(number).ContextSpecific().Constructed() }
