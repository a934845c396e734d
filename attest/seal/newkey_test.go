package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

func TestNewKey(t *testing.T) {
	ask := func(answer string) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(answer), nil }
	}
	for _, secret := range []string{"", "a passphrase"} {
		file, signer, err := seal.NewKey([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		again, err := seal.LoadSigner(file, ask(secret))
		if err != nil {
			t.Fatal(err)
		}
		one, err := signer.PublicKeyPEM()
		if err != nil {
			t.Fatal(err)
		}
		two, err := again.PublicKeyPEM()
		if err != nil || !bytes.Equal(one, two) {
			t.Errorf("the file holds another key: %v", err)
		}
		if _, err := seal.LoadSigner(file, ask("wrong")); secret != "" && !errors.Is(err, seal.ErrKey) {
			t.Errorf("a wrong passphrase: %v", err)
		}
	}
}
