package state

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

// BenchmarkLoad is what a scan pays for a channel, beside the signatures that it
// cannot do without: root over itself, timestamp, snapshot, targets.
func BenchmarkLoad(b *testing.B) {
	key := channeltest.NewSigner(b)
	message := bytes.Repeat([]byte("x"), 500)
	sig, err := key.SignMessage(b.Context(), message)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("four-signatures", func(b *testing.B) {
		for b.Loop() {
			for range 4 {
				if !ed25519.Verify(key.Public().(ed25519.PublicKey), message, sig) {
					b.Fatal("it does not verify")
				}
			}
		}
	})
	for name, n := range map[string]int{"1-manifest": 1, "1000-manifests": 1000} {
		b.Run(name, func(b *testing.B) {
			v, d := channeltest.NewVendor(b, n), open(b, b.TempDir())
			mustUpdate(b, d, request(v))
			b.ResetTimer()
			for b.Loop() {
				c, err := d.Load(b.Context(), "vendor")
				if err != nil || len(c.Manifests) != n {
					b.Fatal(err)
				}
			}
		})
	}
}
