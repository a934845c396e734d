package channel_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// TestForm: what go-tuf would follow into a null pointer, or hand to Ed25519,
// which panics over a key of the wrong length, does not get that far.
func TestForm(t *testing.T) {
	r := newRepo(t)
	for _, tc := range []struct {
		file, kind string
		path       []string // of the value to exchange
		value      string
	}{
		{"1.root.json", "root", []string{"keys", "*"}, `null`},
		{"1.root.json", "root", []string{"keys", "*", "keyval", "public"}, `"00"`},
		{"1.root.json", "root", []string{"keys", "*", "keytype"}, `"rsa"`},
		{"1.root.json", "root", []string{"roles", "timestamp"}, `null`},
		{"1.root.json", "root", []string{"roles"}, `{}`},
		{"1.root.json", "root", []string{"roles", "root", "threshold"}, `0`},
		{"1.root.json", "root", []string{"roles", "root", "threshold"}, `2`},
		{"1.root.json", "root", []string{"roles", "root", "keyids"}, `["nobody"]`},
		{"1.root.json", "root", []string{"version"}, `0`},
		{"1.root.json", "root", []string{"version"}, `1.5`},
		{"1.root.json", "root", []string{"version"}, `99999999999999999999`},
		{"1.root.json", "root", []string{"spec_version"}, `"2.0"`},
		{"1.root.json", "root", []string{"expires"}, `"tomorrow"`},
		{"1.root.json", "root", []string{"_type"}, `"targets"`},
		{"timestamp.json", "timestamp", []string{"meta", "snapshot.json"}, `null`},
		{"timestamp.json", "timestamp", []string{"meta"}, `{}`},
		{"timestamp.json", "timestamp", []string{"meta", "snapshot.json", "version"}, `0`},
		{"timestamp.json", "timestamp", []string{"meta", "snapshot.json", "length"}, `-1`},
		{"1.snapshot.json", "snapshot", []string{"meta", "targets.json"}, `null`},
		{"1.targets.json", "targets", []string{"targets", "*"}, `null`},
		{"1.targets.json", "targets", []string{"targets", "*", "hashes"}, `{}`},
		{"1.targets.json", "targets", []string{"targets", "*", "length"}, `-1`},
	} {
		t.Run(tc.file+" "+strings.Join(tc.path, "/")+" "+tc.value, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal(r.files[tc.file], &doc); err != nil {
				t.Fatal(err)
			}
			at := doc["signed"].(map[string]any)
			for i, name := range tc.path {
				if name == "*" {
					for any := range at {
						name = any
					}
				}
				if i == len(tc.path)-1 {
					if _, ok := at[name]; !ok {
						t.Fatalf("there is no %s", name)
					}
					at[name] = json.RawMessage(tc.value)
					break
				}
				at = at[name].(map[string]any)
			}
			b, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if err := channel.CheckForm(tc.file, tc.kind, b); !errors.Is(err, channel.ErrMalformed) {
				t.Error(err)
			} else {
				t.Log(err)
			}
		})
	}
	for name, b := range map[string][]byte{
		"nothing":   nil,
		"no object": []byte("[]"),
		"null":      []byte("null"),
		"deep":      bytes.Repeat([]byte("["), 100),
		"signed":    []byte(`{"signed":null,"signatures":[]}`),
	} {
		if err := channel.CheckForm("timestamp.json", "timestamp", b); !errors.Is(err, channel.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzUpdate exchanges one file of a good repository: nothing panics, and what
// still verifies is the same state.
func FuzzUpdate(f *testing.F) {
	r := newRepo(f)
	r.rotate(func() { r.addKey("targets") })
	r.next()
	names := []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"}
	good, err := channel.Update(f.Context(), r.source(), channel.Known{Root: r.first()}, now)
	if err != nil {
		f.Fatal(err)
	}
	for i, name := range names {
		f.Add(uint8(i), r.files[name])
		f.Add(uint8(i), bytes.ReplaceAll(r.files[name], []byte(`"version":2`), []byte(`"version":3`)))
		f.Add(uint8(i), []byte(`{"signed":{"_type":"`+name+`","targets":{"a":null}},"signatures":[]}`))
	}
	f.Add(uint8(4), r.files["1.root.json"])
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		known := channel.Known{Root: r.first()}
		liar := *r
		liar.files = map[string][]byte{}
		for name, file := range r.files {
			liar.files[name] = file
		}
		if n := int(which) % (len(names) + 1); n < len(names) {
			liar.files[names[n]] = b
		} else {
			known.Root = b
		}
		v, err := channel.Update(t.Context(), liar.source(), known, now)
		if (v == nil) == (err == nil) {
			t.Fatalf("%v and %v", v, err)
		}
		if err == nil && (v.Versions != good.Versions || !bytes.Equal(v.Manifests[0].Data, good.Manifests[0].Data)) {
			t.Errorf("another state verifies: %+v", v)
		}
	})
}
