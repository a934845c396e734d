package manifest_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// TestCheck: a signature is worth what somebody believes, and a bare statement has none.
func TestCheck(t *testing.T) {
	i, other := newIssuer(t), newIssuer(t)
	bundle := i.manifest(t, predicate())
	p := predicate()
	bare, err := manifest.Statement(&p)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		text []byte
		by   manifest.By
		mark string // "" for a refusal
	}{
		"a trust file":               {bundle, manifest.By{Trust: i.trust(t, "")}, "verified"},
		"a trust file of another":    {bundle, manifest.By{Trust: other.trust(t, "")}, ""},
		"one key":                    {bundle, manifest.By{Key: i.signer.Public(), KeyName: "k.pub"}, "signature verified"},
		"another key":                {bundle, manifest.By{Key: other.signer.Public()}, ""},
		"nobody":                     {bundle, manifest.By{}, "UNVERIFIED"},
		"a statement":                {bare, manifest.By{}, "UNSIGNED"},
		"a statement for a key":      {bare, manifest.By{Key: i.signer.Public()}, ""},
		"a statement for a trust":    {bare, manifest.By{Trust: i.trust(t, "")}, ""},
		"something else":             {[]byte("{}"), manifest.By{}, ""},
		"a statement that is broken": {bare[:len(bare)-2], manifest.By{}, ""},
	} {
		c, err := manifest.Check(tc.text, "m.json", tc.by, now)
		switch {
		case tc.mark == "":
			if err == nil || c != nil {
				t.Errorf("%s: %+v", name, c)
			}
		case err != nil || c.Mark() != tc.mark || c.Predicate.Name != p.Name || (c.Signer != "") != (tc.by != manifest.By{}):
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}
