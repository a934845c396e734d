package driver

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/cms"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// A signed module ends with the signature, struct module_signature and a magic
// line (kernel include/linux/module_signature.h, scripts/sign-file.c).
const (
	signatureMagic = "~Module signature appended~\n"
	trailerSize    = 12
	signatureLimit = 256 << 10
	idX509         = 1 // kernels before 4.3
	idPKCS7        = 2
)

// readSignature says who claims to have signed a module and with which digest.
// It verifies nothing: a copied signature reads like a genuine one. A module
// with the magic line and no readable signature has one that is present and
// broken, which the error says.
func readSignature(module []byte) (inventory.ModuleSignature, error) {
	body, found := bytes.CutSuffix(module, []byte(signatureMagic))
	if !found {
		return inventory.ModuleSignature{}, nil
	}
	present := inventory.ModuleSignature{Present: true}
	if len(body) < trailerSize {
		return present, fmt.Errorf("read the signature: %w: no room for its trailer", collect.ErrMalformed)
	}
	body, trailer := body[:len(body)-trailerSize], body[len(body)-trailerSize:]
	size := uint64(binary.BigEndian.Uint32(trailer[8:]))
	if size > uint64(len(body)) || size > signatureLimit {
		return present, fmt.Errorf("read the signature: %w: %d bytes long", collect.ErrMalformed, size)
	}
	body, signature := body[:uint64(len(body))-size], body[uint64(len(body))-size:]
	var sig inventory.ModuleSignature
	var err error
	switch trailer[2] {
	case idPKCS7:
		sig, err = pkcs7Signer(signature)
	case idX509:
		sig, err = x509Signer(body, trailer)
	default:
		err = fmt.Errorf("kind %d is not known", trailer[2])
	}
	if err != nil {
		return present, fmt.Errorf("read the signature: %w: %w", collect.ErrMalformed, err)
	}
	return sig, nil
}

// x509Signer reads the old form: signer and key id lie before the signature.
func x509Signer(body, trailer []byte) (inventory.ModuleSignature, error) {
	signer, key := int(trailer[3]), int(trailer[4])
	if signer+key > len(body) {
		return inventory.ModuleSignature{}, errors.New("signer and key id do not fit")
	}
	tail := body[len(body)-signer-key:]
	sig := inventory.ModuleSignature{Present: true, Signer: inventory.Fact(string(tail[:signer])), KeyID: inventory.Fact(hex.EncodeToString(tail[signer:]))}
	// enum hash_algo (kernel include/uapi/linux/hash_info.h).
	algorithms := [...]string{"md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224"}
	if n := int(trailer[1]); n < len(algorithms) {
		sig.Hash = &algorithms[n]
	}
	return sig, nil
}

// pkcs7Signer reads the first signer: its issuer's common name, which is the
// signer's own where the key is self-signed, as module keys are, and its
// serial number or subject key id.
func pkcs7Signer(der []byte) (inventory.ModuleSignature, error) {
	sig := inventory.ModuleSignature{Present: true}
	data, err := cms.Parse(der)
	if err != nil {
		return sig, err
	}
	if len(data.Signers) == 0 {
		return sig, errors.New("no signer")
	}
	signer := &data.Signers[0]
	sig.Hash = inventory.Fact(inventory.HashName(signer.Digest.Algorithm.String()))
	if id, ok := signer.KeyID(); ok {
		sig.KeyID = inventory.Fact(hex.EncodeToString(id))
		return sig, nil
	}
	id, err := signer.IssuerAndSerial()
	if err != nil {
		return sig, err
	}
	issuer, err := id.Name()
	if err != nil {
		return sig, err
	}
	sig.Signer, sig.KeyID = inventory.Fact(issuer.CommonName), inventory.Fact(hex.EncodeToString(id.Serial.Bytes()))
	return sig, nil
}
