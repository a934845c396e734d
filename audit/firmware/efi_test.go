package firmware

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/saferwall/pe"
	"github.com/smallstep/pkcs7"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestIndexEFI holds every EFI image against the index: machine, compression,
// signature presence, digest, and whether it is the signed one.
func TestIndexEFI(t *testing.T) {
	files := dumps(t)
	for _, row := range readIndex(t) {
		t.Run(row["file"], func(t *testing.T) {
			var kinds, digests, matches []string
			for _, img := range run(Parse(files[row["file"]])) {
				if img.EFI == nil {
					continue
				}
				kinds = append(kinds, kind(img.EFI))
				if d := img.EFI.AuthenticodeSHA256; d != nil {
					digests = append(digests, *d)
				}
				matches = append(matches, match3(img.EFI))
			}
			for name, got := range map[string][]string{"efi": kinds, "efi_authenticode_sha256": digests, "efi_digest_matches_signature": matches} {
				if strings.Join(got, ";") != row[name] {
					t.Errorf("%s: got %v, the index has %q", name, got, row[name])
				}
			}
		})
	}
}

func kind(e *inventory.EFIImage) string {
	signed := "undecodable"
	switch {
	case e.Signed == nil:
	case *e.Signed:
		signed = "signed"
	default:
		signed = "unsigned"
	}
	return e.Machine + ",compressed=" + string(rune('0'+e.Compression)) + "," + signed
}

func match3(e *inventory.EFIImage) string {
	switch {
	case e.DigestMatches == nil:
		return "-"
	case *e.DigestMatches:
		return "True"
	default:
		return "False"
	}
}

// TestSignatureIsNotTheDigest: the signature of every signed dump is
// arithmetically right, also of the one whose driver was edited.
func TestSignatureIsNotTheDigest(t *testing.T) {
	signed := 0
	for name, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			if e := img.EFI; e != nil && e.Signed != nil && *e.Signed {
				signed++
				if e.SignatureValid == nil || !*e.SignatureValid || e.Signer == nil || !strings.Contains(*e.Signer, "Microsoft Windows UEFI Driver Publisher") {
					t.Errorf("%s image %d: valid %v, signer %v", name, img.Index, e.SignatureValid, e.Signer)
				}
				if len(e.Certificates) == 0 {
					t.Errorf("%s image %d: %d certificates", name, img.Index, len(e.Certificates))
				}
			}
		}
	}
	if signed < 15 {
		t.Errorf("only %d signed images were seen", signed)
	}
}

// payloads returns the PE images of all dumps, decompressed, by their digest.
func payloads(t testing.TB) map[string]*peImage {
	t.Helper()
	images := map[string]*peImage{}
	for _, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			if img.EFI == nil || img.EFI.AuthenticodeSHA256 == nil {
				continue
			}
			j := &efiJob{image: b[img.Offset : img.Offset+img.Bytes], efi: &inventory.EFIImage{}}
			payload, _ := j.header()
			if img.EFI.Compression == 1 {
				payload, _, _ = decompress(payload)
			}
			parsed, err := parsePE(payload)
			if err != nil {
				t.Fatal(err)
			}
			images[*img.EFI.AuthenticodeSHA256] = parsed
		}
	}
	return images
}

// TestDigestEqualsOsslsigncode asks the reference implementation.
func TestDigestEqualsOsslsigncode(t *testing.T) {
	tool, err := exec.LookPath("osslsigncode")
	if err != nil {
		t.Skip("osslsigncode is not installed")
	}
	calculated := regexp.MustCompile(`Calculated message digest\s*:\s*([0-9A-Fa-f]+)`)
	current := regexp.MustCompile(`Current message digest\s*:\s*([0-9A-Fa-f]+)`)
	compared := 0
	for digest, image := range payloads(t) {
		if !image.signed() {
			continue // nothing to verify
		}
		file := filepath.Join(t.TempDir(), "driver.efi")
		if err := os.WriteFile(file, image.b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.CommandContext(t.Context(), tool, "verify", "-in", file).CombinedOutput() // fails: no CA is given
		m, c := calculated.FindSubmatch(out), current.FindSubmatch(out)
		if m == nil || c == nil {
			t.Fatalf("no digest in the output of osslsigncode:\n%s", out)
		}
		if got := strings.ToLower(string(m[1])); got != digest {
			t.Errorf("ours %s, osslsigncode %s", digest, got)
		}
		sig, err := image.signature()
		if err != nil || strings.ToLower(string(c[1])) != hex.EncodeToString(sig.digest) {
			t.Errorf("signed digest: %v, osslsigncode %s", err, c[1])
		}
		compared++
	}
	if compared < 10 {
		t.Errorf("only %d digests compared", compared)
	}
}

// TestPeers holds digest and signature against two libraries.
func TestPeers(t *testing.T) {
	for digest, image := range payloads(t) {
		peer, err := pe.NewBytes(image.b, &pe.Options{Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := peer.Parse(); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(peer.Authentihash()); got != digest {
			t.Errorf("ours %s, saferwall/pe %s", digest, got)
		}
		if !image.signed() {
			continue
		}
		blobs, err := image.pkcs7()
		if err != nil {
			t.Fatal(err)
		}
		p7, err := pkcs7.Parse(blobs[0])
		if err != nil {
			t.Fatal(err)
		}
		sig, err := image.signature()
		if err != nil {
			t.Fatal(err)
		}
		signer := sig.signerCertificate()
		if signer == nil || !signer.Equal(p7.GetOnlySigner()) {
			t.Errorf("%s: another signer than smallstep/pkcs7", digest)
			continue
		}
		if ours, theirs := sig.verify(signer), p7.Verify(); (ours == nil) != (theirs == nil) {
			t.Errorf("%s: ours %v, smallstep/pkcs7 %v", digest, ours, theirs)
		}
	}
}
