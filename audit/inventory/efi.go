package inventory

import "time"

// EFIImage is what the EFI ROM header and the PE image inside say (UEFI
// Specification 2.10, section 14.4.2).
type EFIImage struct {
	Machine     string `json:"machine"`     // "x64", "aarch64", "ia32", or four hex digits
	Subsystem   string `json:"subsystem"`   // "boot-service-driver", "runtime-driver", "application" or hex
	Compression int    `json:"compression"` // 0 none, 1 UEFI
	// AuthenticodeSHA256 is computed over the decompressed PE image; nil when
	// the image could not be decompressed or is no PE.
	AuthenticodeSHA256 *string `json:"authenticode_sha256,omitempty"`
	// MeasuredSHA256 is what platform firmware measures when it runs the image
	// from the ROM, if that differs: it takes the padding behind an uncompressed
	// image for part of it. Nil means that it measures AuthenticodeSHA256.
	MeasuredSHA256 *string `json:"measured_sha256,omitempty"`
	// Signed says that the PE carries an Authenticode signature; nil unknown.
	Signed *bool `json:"signed,omitempty"`
	// DigestMatches says that the signature's own digest equals the computed
	// one. It says nothing of who signed.
	DigestMatches *bool `json:"digest_matches,omitempty"`
	// SignatureValid is the arithmetic of the signature; it says nothing of the chain.
	SignatureValid *bool `json:"signature_valid,omitempty"`
	// Signer is the subject of the signing certificate, as stated in it.
	Signer *string `json:"signer,omitempty"`
	// Format is the payload's: "pe" or "te"; nil when it is neither or could
	// not be decompressed.
	Format *string `json:"format,omitempty"`
	// PayloadBytes is the size of the PE or TE image after decompression.
	PayloadBytes *int `json:"payload_bytes,omitempty"`
	// Variant is the decompressor that read the payload: "uefi" or "tiano".
	Variant *string `json:"variant,omitempty"`
	// SignatureDigest is the algorithm of the signature's own digest: "sha256".
	SignatureDigest *string `json:"signature_digest,omitempty"`
	// Certificates are those in the signature, in its order. They are claims:
	// nothing here says that one of them is trusted or was valid at any time.
	Certificates []SignatureCertificate `json:"certificates,omitempty"`
	// Chain is the way from the signer to a pinned authority; nil for an image
	// without a signature that was read.
	Chain *SignatureChain `json:"chain,omitempty"`
	// PESubsystem and PEMachine are what the PE or TE image says of itself, in the
	// words of Subsystem and Machine, which are the ROM header's. A loader goes by
	// the former. Nil for an image that was not read.
	PESubsystem *string `json:"pe_subsystem,omitempty"`
	PEMachine   *string `json:"pe_machine,omitempty"`
	// Slack is what the image in the ROM has behind the driver, compressed or not;
	// Front what lies between its headers and the driver. Overlay is what the PE
	// image has behind its end and between its sections, where no signature looks;
	// Certificate what its certificate table holds beside certificates. Nil where
	// that could not be told.
	Slack       *EFIRoom `json:"slack,omitempty"`
	Front       *EFIRoom `json:"front,omitempty"`
	Overlay     *EFIRoom `json:"overlay,omitempty"`
	Certificate *EFIRoom `json:"certificate,omitempty"`
	// Display is what the program says of itself as a display driver; nil where it could
	// not be read. Anybody can write the texts; where the signature is good they are
	// those that were signed.
	Display *EFIDriver `json:"display,omitempty"`
	// SBAT are the components that the program states for revocation, as
	// "name,generation"; boot loaders have them.
	SBAT []string `json:"sbat,omitempty"`
	// InDB says that this machine's Secure Boot database allows the image, InDBX
	// that its revocation list forbids it; nil where that could not be told.
	InDB  *bool `json:"in_db,omitempty"`
	InDBX *bool `json:"in_dbx,omitempty"`
}

// EFIDriver is a display driver's own words.
type EFIDriver struct {
	// Maker is the PCI vendor id of whose driver it is, "none" for a program that does
	// not name itself as a display driver of NVIDIA's, AMD's or Intel's.
	Maker string `json:"maker"`
	Name  string `json:"name,omitempty"`
	// Family are the chips that an NVIDIA driver is for ("ga1xx", "gmxxx_mxm"); nil
	// where it names none, as those of 2014 do.
	Family *string `json:"family,omitempty"`
	// Version is the maker's number ("1.65.0.15.50", "0x70011"); Built the day,
	// YYYY-MM-DD. Nil where it states none.
	Version *string `json:"version,omitempty"`
	Built   *string `json:"built,omitempty"`
}

// EFIRoom is room in an EFI image that nothing of it accounts for.
type EFIRoom struct {
	// Offset is that of the first byte, in the ROM for Slack and Front, in the
	// (decompressed) PE image for the others.
	Offset   int `json:"offset"`
	Bytes    int `json:"bytes"`
	NonBlank int `json:"non_blank"` // bytes that are neither 00 nor ff
}

// SignatureChain is the chain of certificates behind a signature. It is checked
// by signatures and by fingerprints only: when it is valid is stated, and not
// judged.
type SignatureChain struct {
	// Anchor names the pinned certificate authority that the chain ends in; nil
	// when it ends elsewhere, which Fault then explains: "signer-absent",
	// "issuer-absent", "issuer-signature" or "unknown-root".
	Anchor *string `json:"anchor,omitempty"`
	Fault  *string `json:"fault,omitempty"`
	// AnchorNotAfter is when the authority itself ends; a signer's certificate
	// usually ended a year after it was made.
	AnchorNotAfter *time.Time `json:"anchor_not_after,omitempty"`
	// Path are the SHA-256 of the certificates, the signer's first.
	Path []string `json:"path,omitempty"`
	// NotBefore and NotAfter bound the time in which all of them are valid.
	NotBefore time.Time `json:"not_before,omitzero"`
	NotAfter  time.Time `json:"not_after,omitzero"`
}

// SignatureCertificate is a certificate that a signature carries.
type SignatureCertificate struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// Serial is the serial number in hexadecimal.
	Serial    string    `json:"serial"`
	SHA256    string    `json:"sha256"` // of the DER bytes
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// Signer marks the certificate whose key made the signature.
	Signer bool `json:"signer,omitempty"`
}
