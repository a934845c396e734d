package tpmkey

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

// counting is a TPM that counts what it is asked and answers with one code.
type counting struct {
	asked int
	code  tpm2.TPMRC
}

func (c *counting) Send([]byte) ([]byte, error) {
	c.asked++
	return []byte{0x80, 0x01, 0, 0, 0, 10, byte(c.code >> 24), byte(c.code >> 16), byte(c.code >> 8), byte(c.code)}, nil
}

// TestAPassphraseIsTriedOnce: what the TPM did not take is not sent again.
func TestAPassphraseIsTriedOnce(t *testing.T) {
	for code, text := range map[tpm2.TPMRC]string{
		tpm2.TPMRCAuthFail: "the passphrase is wrong", tpm2.TPMRCBadAuth: "the passphrase is wrong", tpm2.TPMRCLockout: "--clear-lockout",
	} {
		c := &counting{code: code}
		k := &Key{tpm: c, handle: 0x81010001}
		_, failed := tpm2.ReadPublic{ObjectHandle: k.handle}.Execute(c)
		if failed == nil || c.asked != 1 {
			t.Fatalf("the TPM answers %v to %d questions", failed, c.asked)
		}
		if err := k.once(failed); !errors.Is(err, ErrKey) || !errors.Is(err, code) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v", code, err)
		}
		if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, code) || c.asked != 1 {
			t.Errorf("%v: the TPM was asked %d times: %v", code, c.asked, err)
		}
	}
	k := &Key{tpm: &counting{code: tpm2.TPMRCRetry}}
	if err := k.once(tpm2.TPMRCRetry); k.refused != nil || err == nil {
		t.Errorf("another error: %v", err)
	}
}
