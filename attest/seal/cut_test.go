package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/proto"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// whole reads a bundle as parse does, payload and all: what parse is held against.
func whole(text []byte) (*bundle.Bundle, error) {
	if err := strictjson.Check(text, BundleLimit); err != nil {
		return nil, err
	}
	if err := countWitnesses(text); err != nil {
		return nil, err
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	if !canonical(text, &b) {
		return nil, errSpelling
	}
	return &b, nil
}

// sameAsWhole fails where the two read a text differently. What parse asks of a bundle
// beside its spelling, whole does not ask.
func sameAsWhole(t *testing.T, text []byte) {
	t.Helper()
	got, err := parse(text)
	want, wholeErr := whole(text)
	switch {
	case err == nil && wholeErr != nil:
		t.Errorf("parse takes what is refused whole (%v): %.300q", wholeErr, text)
	case err == nil && !proto.Equal(got.Bundle, want.Bundle):
		t.Errorf("two bundles: %v and %v", got, want)
	case err != nil && wholeErr == nil && errors.Is(err, errSpelling):
		t.Errorf("parse refuses what is taken whole: %v: %.300q", err, text)
	}
}

func bundleOf(t testing.TB) []byte {
	t.Helper()
	_, signer, err := NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := NewStatement([]Subject{{Name: "a", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}}}, "https://example.org/x", map[string]string{"a": "<&>", "long": strings.Repeat("x", 1000)})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Sign(context.Background(), statement, signer)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCutPayload: each way to spell a payload is read, or refused, as it is by those that
// read it all.
func TestCutPayload(t *testing.T) {
	good := bundleOf(t)
	b, err := whole(good)
	if err != nil {
		t.Fatal(err)
	}
	plain := base64.StdEncoding.EncodeToString(b.GetDsseEnvelope().GetPayload())
	field := `"payload":"` + plain + `"`
	if rest, payload, err := cutPayload(good); err != nil || len(payload) != len(b.GetDsseEnvelope().GetPayload()) || len(rest) > len(good)-len(plain) {
		t.Fatalf("nothing was cut: %d bytes, %v", len(rest), err)
	}
	taken := 0
	for _, with := range map[string]string{
		"as it is": field, "with an escape": `"payload":"\u00` + "4" + string("0123456789abcdef"[plain[0]&15]) + plain[1:] + `"`, "with a solidus": `"payload":"` + strings.ReplaceAll(plain, "/", `\/`) + `"`,
		"in base64 for URLs": `"payload":"` + base64.URLEncoding.EncodeToString(b.GetDsseEnvelope().GetPayload()) + `"`, "without padding": `"payload":"` + strings.TrimRight(plain, "=") + `"`,
		"with more padding": `"payload":"` + plain + `="`, "cut": `"payload":"` + plain[:len(plain)-3] + `"`, "with a line end": `"payload":"` + plain[:8] + `\n` + plain[8:] + `"`,
		"with a space": `"payload":"` + plain[:8] + " " + plain[8:] + `"`, "with no base64": `"payload":"` + plain[:8] + "é" + plain[8:] + `"`, "empty": `"payload":""`, "null": `"payload":null`, "a number": `"payload":1`,
		"a list": `"payload":["` + plain + `"]`, "an object": `"payload":{"payload":"` + plain + `"}`, "twice": field + "," + field, "of another name": `"Payload":"` + plain + `"`, "gone": `"signer":"x"`,
		"with the name escaped": `"p\u0061yload":"` + plain + `"`, "with space around": "\"payload\" \t:\n \"" + plain + "\" ", "with loose bits": `"payload":"` + looseBits(plain) + `"`,
	} {
		text := bytes.Replace(good, []byte(field), []byte(with), 1)
		sameAsWhole(t, text)
		if _, err := parse(text); err == nil {
			taken++
		}
	}
	if taken < 4 {
		t.Errorf("%d spellings are taken", taken)
	}
	for _, text := range []string{
		strings.Replace(string(good), `"dsseEnvelope"`, `"dsse_envelope"`, 1), strings.Replace(string(good), `"dsseEnvelope":{`, `"dsseEnvelope":{"dsseEnvelope":{"payload":"e30="},`, 1),
		strings.Replace(string(good), `"dsseEnvelope":`, `"dsseEnvelope":null,"x":`, 1), `{"payload":"e30="}`, `[]`, `"x"`, ``, `{"dsseEnvelope":{}}`, `{"dsseEnvelope":{"payload":"e30="}}`, `{"dsseEnvelope":{"payload":"`,
	} {
		sameAsWhole(t, []byte(text))
	}
}

// looseBits is the same base64 with other bits where padding leaves some unused.
func looseBits(s string) string {
	i := strings.IndexByte(s, '=') - 1
	if i < 0 {
		return s
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return s[:i] + string(letters[strings.IndexByte(letters, s[i])^1]) + s[i+1:]
}

// FuzzCutPayload holds parse against reading it all, on any text.
func FuzzCutPayload(f *testing.F) {
	f.Add(bundleOf(f))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MEUC"}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) { sameAsWhole(t, text) })
}
