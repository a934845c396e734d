package channel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

func update(t *testing.T, r *repo, before *channel.Verified) (*channel.Verified, error) {
	t.Helper()
	known := channel.Known{Root: r.first(), Before: before}
	if before != nil {
		known.Minimum = before.Seen()
	}
	return channel.Update(t.Context(), r.source(), known, now)
}

func mustUpdate(t *testing.T, r *repo, before *channel.Verified) *channel.Verified {
	t.Helper()
	v, err := update(t, r, before)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestUpdate(t *testing.T) {
	r := newRepo(t)
	v := mustUpdate(t, r, nil)
	if got := v.Versions.String(); got != "root 1, timestamp 1, snapshot 1, targets 1" {
		t.Error(got)
	}
	if len(v.Manifests) != 1 || v.Manifests[0].Name != "a.sigstore.json" || string(v.Manifests[0].Data) != `{"a":1}` {
		t.Errorf("manifests are %v", v.Manifests)
	}
	r.content["manifests/b.sigstore.json"] = "b"
	r.content["catalogue/overrides.json"] = "{}"
	v = mustUpdate(t, r.next(), v)
	if len(v.Manifests) != 2 || v.Others != 1 {
		t.Errorf("%d manifests and %d others", len(v.Manifests), v.Others)
	}
	delete(r.content, "manifests/a.sigstore.json")
	if v = mustUpdate(t, r.next(), v); len(v.Manifests) != 1 {
		t.Errorf("a manifest that was taken out is still there: %v", v.Manifests)
	}
	// The same again is no fault.
	if again := mustUpdate(t, r, v); again.SHA256() != v.SHA256() {
		t.Error("the same state has another digest")
	}
}

// TestPlainNames: a repository without consistent snapshots, whose files carry no
// versions and digests in their names.
func TestPlainNames(t *testing.T) {
	r := newRepo(t)
	r.root.Signed.ConsistentSnapshot = false
	r.publishRoot(r.keys[metadata.ROOT])
	plain := func() {
		for _, role := range []string{"snapshot", "targets"} {
			r.files[role+".json"] = r.files[fmt.Sprintf("%d.%s.json", r.targets.Signed.Version, role)]
		}
		for name, content := range r.content {
			r.files["targets/"+name] = []byte(content)
		}
	}
	plain()
	before := mustUpdate(t, r, nil)
	r.content["manifests/a.sigstore.json"] = `{"a":2}`
	r.next()
	plain()
	v := mustUpdate(t, r, before)
	if string(v.Manifests[0].Data) != `{"a":2}` {
		t.Errorf("%q", v.Manifests[0].Data)
	}
	if _, err := channel.Open(t.Context(), v, r.first(), v.Seen()); err != nil {
		t.Error(err)
	}
	r.files["targets.json"] = before.Files[1].Data
	r.files["snapshot.json"] = before.Files[0].Data
	if _, err := update(t, r, v); err == nil {
		t.Error("a mixture goes through")
	}
}

// TestOpen: what was verified is a repository itself, and leads to the same.
func TestOpen(t *testing.T) {
	r := newRepo(t)
	r.rotate(func() { r.addKey(metadata.TARGETS) })
	v := mustUpdate(t, r.next(), nil)
	again, err := channel.Open(t.Context(), v, r.first(), v.Seen())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, again, cmp.AllowUnexported(channel.Verified{})); diff != "" {
		t.Error(diff)
	}
	for _, f := range v.Files {
		if strings.HasSuffix(f.Name, ".root.json") {
			continue
		}
		var rest channel.Files
		for _, g := range v.Files {
			if g.Name != f.Name {
				rest = append(rest, g)
			}
		}
		if _, err := channel.Open(t.Context(), rest, r.first(), v.Seen()); err == nil {
			t.Errorf("it opens without %s", f.Name)
		}
	}
}

// TestAttacks: a client that has seen version 2 of everything meets repositories
// that lie. Each lie is a failure of its own.
func TestAttacks(t *testing.T) {
	for _, tc := range []struct {
		name string
		lie  func(r *repo, seen channel.Files)
		want error
	}{
		{"timestamp rolled back", func(r *repo, seen channel.Files) {
			r.timestamp.Signed.Version = 1
			r.signTimestamp()
		}, channel.ErrRollback},
		{"snapshot rolled back under a new timestamp", func(r *repo, _ channel.Files) {
			r.snapshot.Signed.Version = 1
			r.signSnapshot()
			r.timestamp.Signed.Version++
			r.signTimestamp()
		}, channel.ErrRollback},
		{"targets rolled back under a new snapshot", func(r *repo, _ channel.Files) {
			r.targets.Signed.Version = 1
			r.signTargets()
			r.snapshot.Signed.Version++
			r.signSnapshot()
			r.timestamp.Signed.Version++
			r.signTimestamp()
		}, channel.ErrRollback},
		{"a role gone from the snapshot", func(r *repo, _ channel.Files) {
			delete(r.snapshot.Signed.Meta, "lab.json")
			r.next()
		}, channel.ErrRollback},
		{"the whole repository of before", func(r *repo, _ channel.Files) {
			r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1, 1, 1
			r.publish()
		}, channel.ErrRollback},
		{"freeze: timestamp expired", func(r *repo, _ channel.Files) {
			r.timestamp.Signed.Expires = now.Add(-time.Second)
			r.next()
		}, channel.ErrExpired},
		{"freeze: snapshot expired", func(r *repo, _ channel.Files) {
			r.snapshot.Signed.Expires = now.Add(-time.Second)
			r.next()
		}, channel.ErrExpired},
		{"freeze: targets expired", func(r *repo, _ channel.Files) {
			r.targets.Signed.Expires = now.Add(-time.Second)
			r.next()
		}, channel.ErrExpired},
		{"freeze: root expired", func(r *repo, _ channel.Files) {
			r.rotate(func() { r.root.Signed.Expires = now.Add(-time.Second) })
			r.next()
		}, channel.ErrExpired},
		{"mix and match: the snapshot of before", func(r *repo, seen channel.Files) {
			r.next()
			r.files["3.snapshot.json"] = r.files["2.snapshot.json"]
		}, channel.ErrMismatch},
		{"mix and match: the targets of before", func(r *repo, seen channel.Files) {
			r.next()
			r.files["3.targets.json"] = r.files["2.targets.json"]
		}, channel.ErrMismatch},
		{"mix and match: the targets of before, by a snapshot without digests", func(r *repo, seen channel.Files) {
			r.next()
			r.snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(3)
			r.signSnapshot()
			r.signTimestamp()
			r.files["3.targets.json"] = r.files["2.targets.json"]
		}, channel.ErrMismatch},
		{"a snapshot that is not there", func(r *repo, _ channel.Files) {
			r.next()
			delete(r.files, "3.snapshot.json")
		}, channel.ErrMismatch},
		{"a target that is not there", func(r *repo, _ channel.Files) {
			r.content["manifests/b.sigstore.json"] = "b"
			r.next()
			delete(r.files, targetFile("manifests/b.sigstore.json", "b"))
		}, channel.ErrMismatch},
		{"a target with other content", func(r *repo, _ channel.Files) {
			r.content["manifests/b.sigstore.json"] = "b"
			r.next()
			r.files[targetFile("manifests/b.sigstore.json", "b")] = []byte("c")
		}, channel.ErrMismatch},
		{"a target longer than it says", func(r *repo, _ channel.Files) {
			r.content["manifests/b.sigstore.json"] = "b"
			r.next()
			r.files[targetFile("manifests/b.sigstore.json", "b")] = []byte("bb")
		}, channel.ErrTooLarge},
		{"a target of which the digest is true and the length a lie", func(r *repo, _ channel.Files) {
			r.targets.Signed.Targets["manifests/a.sigstore.json"].Length = 100
			r.content["manifests/a.sigstore.json"] = `{"a":2}`
			r.files[targetFile("manifests/a.sigstore.json", `{"a":2}`)] = []byte(`{"a":2}`)
			info := must(metadata.TargetFile().FromBytes("", []byte(`{"a":2}`), "sha256"))
			info.Length = 100
			r.targets.Signed.Targets["manifests/a.sigstore.json"] = info
			r.targets.Signed.Version++
			r.signTargets()
			r.snapshot.Signed.Version++
			r.signSnapshot()
			r.timestamp.Signed.Version++
			r.signTimestamp()
		}, channel.ErrMismatch},
		{"a timestamp without end", func(r *repo, _ channel.Files) {
			r.files["timestamp.json"] = bytes.Repeat([]byte(" "), 64<<10+1)
		}, channel.ErrTooLarge},
		{"a root without end", func(r *repo, _ channel.Files) {
			r.files["2.root.json"] = bytes.Repeat([]byte(" "), 512<<10+1)
		}, channel.ErrTooLarge},
		{"a snapshot longer than the timestamp says", func(r *repo, _ channel.Files) {
			r.next()
			r.files["3.snapshot.json"] = append(r.files["3.snapshot.json"], ' ')
		}, channel.ErrTooLarge},
		{"a manifest larger than any may be", func(r *repo, _ channel.Files) {
			info := must(metadata.TargetFile().FromBytes("", []byte("b"), "sha256"))
			info.Length = 1 << 40
			r.next()
			r.targets.Signed.Targets["manifests/b.sigstore.json"] = info
			r.signTargets()
			r.signSnapshot()
			r.signTimestamp()
		}, channel.ErrTooLarge},
		{"timestamp signed by another key", func(r *repo, _ channel.Files) {
			r.keys[metadata.TIMESTAMP] = r.keys[metadata.TARGETS]
			r.next()
		}, channel.ErrSignatures},
		{"snapshot signed by another key", func(r *repo, _ channel.Files) {
			r.keys[metadata.SNAPSHOT] = r.keys[metadata.TIMESTAMP]
			r.next()
		}, channel.ErrSignatures},
		{"targets signed by another key", func(r *repo, _ channel.Files) {
			r.keys[metadata.TARGETS] = r.keys[metadata.TIMESTAMP]
			r.next()
		}, channel.ErrSignatures},
		{"below the threshold", func(r *repo, _ channel.Files) {
			r.rotate(func() {
				r.addKey(metadata.TARGETS)
				r.root.Signed.Roles[metadata.TARGETS].Threshold = 2
			})
			r.keys[metadata.TARGETS] = r.keys[metadata.TARGETS][:1]
			r.next()
		}, channel.ErrSignatures},
		{"one key twice, under two names, does not reach the threshold", func(r *repo, _ channel.Files) {
			r.rotate(func() {
				id := r.root.Signed.Roles[metadata.TARGETS].KeyIDs[0]
				r.root.Signed.Keys["other-name"] = r.root.Signed.Keys[id]
				r.root.Signed.Roles[metadata.TARGETS].KeyIDs = []string{id, "other-name"}
				r.root.Signed.Roles[metadata.TARGETS].Threshold = 2
			})
			r.next()
			r.targets.Signatures = append(r.targets.Signatures, metadata.Signature{KeyID: "other-name", Signature: r.targets.Signatures[0].Signature})
			b := must(r.targets.ToBytes(false))
			r.files["3.targets.json"] = b
			r.snapshot.Signed.Meta["targets.json"] = described(b, 3)
			r.signSnapshot()
			r.signTimestamp()
		}, channel.ErrSignatures},
		{"root signed by its new key only", func(r *repo, _ channel.Files) {
			r.addKey(metadata.ROOT)
			r.dropKey(metadata.ROOT)
			r.root.Signed.Version++
			r.publishRoot(r.keys[metadata.ROOT])
		}, channel.ErrSignatures},
		{"root signed by the old key only", func(r *repo, _ channel.Files) {
			old := r.keys[metadata.ROOT]
			r.addKey(metadata.ROOT)
			r.dropKey(metadata.ROOT)
			r.root.Signed.Version++
			r.publishRoot(old)
		}, channel.ErrSignatures},
		{"root of which the one in between is missing", func(r *repo, _ channel.Files) {
			r.rotate(func() {})
			r.rotate(func() { r.addKey(metadata.TIMESTAMP); r.dropKey(metadata.TIMESTAMP) })
			delete(r.files, "2.root.json")
			r.next()
		}, channel.ErrSignatures},
		{"root under the number of another", func(r *repo, _ channel.Files) {
			r.rotate(func() {})
			r.rotate(func() {})
			r.files["2.root.json"] = r.files["3.root.json"]
		}, channel.ErrMismatch},
		{"two contents of one version", func(r *repo, _ channel.Files) {
			r.content["manifests/a.sigstore.json"] = `{"a":2}`
			r.publish()
		}, channel.ErrMismatch}, // the kept timestamp stays, and names the other snapshot
		{"two timestamps of one version", func(r *repo, _ channel.Files) {
			r.timestamp.Signed.Expires = now.AddDate(2, 0, 0)
			r.signTimestamp()
		}, channel.ErrEquivocation},
		{"two lists of targets of one version", func(r *repo, _ channel.Files) {
			r.content["manifests/a.sigstore.json"] = `{"a":2}`
			r.snapshot.Signed.Version++
			r.timestamp.Signed.Version++
			r.publish()
		}, channel.ErrEquivocation},
		{"a target above the folder", named("../../etc/cron.d/x"), channel.ErrName},
		{"a target above the folder of manifests", named("manifests/../../x.sigstore.json"), channel.ErrName},
		{"a target at the root", named("/etc/passwd"), channel.ErrName},
		{"a target with a backslash", named(`manifests\..\x.sigstore.json`), channel.ErrName},
		{"a target with an empty name", named(""), channel.ErrName},
		{"delegations, which are not followed", func(r *repo, _ channel.Files) {
			r.targets.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{{Name: "lab", KeyIDs: []string{}, Threshold: 1, Paths: []string{"*"}}}}
			r.next()
		}, channel.ErrMalformed},
		{"no timestamp", func(r *repo, _ channel.Files) { delete(r.files, "timestamp.json") }, channel.ErrMalformed},
		{"a timestamp that is a snapshot", func(r *repo, _ channel.Files) { r.files["timestamp.json"] = r.files["2.snapshot.json"] }, channel.ErrMalformed},
		{"a field twice", func(r *repo, _ channel.Files) {
			r.files["timestamp.json"] = bytes.Replace(r.files["timestamp.json"], []byte(`"signed":{`), []byte(`"signed":{"version":9,`), 1)
		}, channel.ErrMalformed},
		{"a byte of a signature", func(r *repo, _ channel.Files) {
			b := bytes.Clone(r.files["timestamp.json"])
			i := bytes.Index(b, []byte(`"sig":"`)) + 8
			b[i] = map[bool]byte{true: '0', false: '1'}[b[i] == '1']
			r.files["timestamp.json"] = b
		}, channel.ErrSignatures},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRepo(t)
			r.snapshot.Signed.Meta["lab.json"] = metadata.MetaFile(1)
			seen := mustUpdate(t, r.next(), nil)
			tc.lie(r, r.source())
			v, err := update(t, r, seen)
			if !errors.Is(err, tc.want) {
				t.Fatalf("%v (%v), want %v", err, v, tc.want)
			}
			t.Log(err)
		})
	}
}

func named(target string) func(*repo, channel.Files) {
	return func(r *repo, _ channel.Files) {
		r.targets.Signed.Targets[target] = must(metadata.TargetFile().FromBytes(target, []byte("x"), "sha256"))
		r.targets.Signed.Version++
		r.snapshot.Signed.Version++
		r.timestamp.Signed.Version++
		r.signTargets()
		r.signSnapshot()
		r.signTimestamp()
	}
}

// TestMinimumOutlivesState: whoever lost the kept state, and the root too, still
// knows what was the newest.
func TestMinimumOutlivesState(t *testing.T) {
	r := newRepo(t)
	old := r.source()
	seen := mustUpdate(t, r.next(), nil).Seen()
	_, err := channel.Update(t.Context(), old, channel.Known{Root: r.first(), Minimum: seen}, now)
	if !errors.Is(err, channel.ErrRollback) {
		t.Errorf("the repository of before is taken: %v", err)
	}
	if _, err := channel.Update(t.Context(), r.source(), channel.Known{Root: r.first(), Minimum: seen}, now); err != nil {
		t.Error(err)
	}
	var decoded channel.Minimum
	b, err := json.Marshal(seen)
	if err == nil {
		err = json.Unmarshal(b, &decoded)
	}
	if diff := cmp.Diff(seen, decoded); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestFastForward: a thief counts the versions up to where nobody can follow. A
// root that takes the stolen keys away starts anew, and one that does not, not.
func TestFastForward(t *testing.T) {
	for _, roles := range [][]string{{metadata.TIMESTAMP}, {metadata.SNAPSHOT, metadata.TIMESTAMP}, {metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}} {
		r := newRepo(t)
		honest := mustUpdate(t, r, nil)
		for _, role := range roles {
			switch role {
			case metadata.TIMESTAMP:
				r.timestamp.Signed.Version = 1 << 50
			case metadata.SNAPSHOT:
				r.snapshot.Signed.Version = 1 << 50
			default:
				r.targets.Signed.Version = 1 << 50
			}
		}
		robbed := mustUpdate(t, r.publish(), honest)
		r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1, 1, 1
		if len(roles) == 1 { // the honest versions go on
			r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1, 1, 2
		}
		if _, err := update(t, r.publish(), robbed); !errors.Is(err, channel.ErrRollback) {
			t.Errorf("%v: without a new root: %v", roles, err)
		}
		r.rotate(func() {
			for _, role := range roles {
				r.addKey(role)
				r.dropKey(role)
			}
		})
		if _, err := update(t, r.publish(), robbed); err != nil {
			t.Errorf("%v: with a new root: %v", roles, err)
		}
		// The rotation is no way around the minimum of targets, unless the keys of
		// the snapshot, which holds their version, went too (TUF section 5.3.11).
		if len(roles) < 2 {
			minimum := robbed.Seen()
			minimum.Targets = 7
			_, err := channel.Update(t.Context(), r.source(), channel.Known{Root: r.first(), Minimum: minimum}, now)
			if !errors.Is(err, channel.ErrRollback) {
				t.Errorf("%v: targets go back: %v", roles, err)
			}
		}
	}
}

func TestUpdateNeedsAClock(t *testing.T) {
	r := newRepo(t)
	if _, err := channel.Update(t.Context(), r.source(), channel.Known{Root: r.first()}, time.Time{}); err == nil {
		t.Error("an update without a time goes through")
	}
}

// TestEachByte: no byte of a signed part can be changed. White space around
// fields and the order of fields are the encoder's.
func TestEachByte(t *testing.T) {
	r := newRepo(t)
	good := mustUpdate(t, r, nil)
	for _, name := range []string{"timestamp.json", "1.snapshot.json", "1.targets.json"} {
		for i := range r.files[name] {
			files := map[string][]byte{}
			for _, f := range r.source() {
				files[f.Name] = f.Data
			}
			b := bytes.Clone(files[name])
			b[i] ^= 1
			liar := *r
			liar.files = files
			files[name] = b
			v, err := channel.Update(context.Background(), liar.source(), channel.Known{Root: r.first()}, now)
			if err == nil && (v.Versions != good.Versions || len(v.Manifests) != 1 || string(v.Manifests[0].Data) != `{"a":1}`) {
				t.Fatalf("%s with byte %d changed leads to another state: %q", name, i, b)
			}
		}
	}
}

// refused is an update that must fail, and what a client keeps of it.
func refused(t *testing.T, r *repo, known channel.Known, want error) channel.Known {
	t.Helper()
	_, err := channel.Update(t.Context(), r.source(), known, now)
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
	var keep *channel.Refusal
	if errors.As(err, &keep) {
		known.Minimum, known.Roots = known.Minimum.Later(keep.Seen), channel.Files(keep.Roots)
	}
	return known
}

// TestRefusedUpdateKeepsWhatItVerified: what was verified before an update failed
// is not forgotten (TUF sections 5.3.8, 5.4.5 and 5.5.7).
func TestRefusedUpdateKeepsWhatItVerified(t *testing.T) {
	start := func() (*repo, channel.Known) {
		r := newRepo(t)
		before := mustUpdate(t, r, nil)
		return r, channel.Known{Root: r.first(), Before: before, Minimum: before.Seen()}
	}
	t.Run("a key that a verified root took away", func(t *testing.T) {
		r, known := start()
		stolen := r.keys[metadata.TIMESTAMP]
		r.rotate(func() { r.addKey(metadata.TIMESTAMP); r.dropKey(metadata.TIMESTAMP) })
		known = refused(t, r, known, channel.ErrSignatures) // half published: the timestamp is the old one
		if known.Minimum.Root != 2 || len(known.Roots.(channel.Files)) != 1 {
			t.Fatalf("kept is %+v with %v roots", known.Minimum.Versions, known.Roots)
		}
		honest := r.keys[metadata.TIMESTAMP]
		hidden := r.files["2.root.json"]
		delete(r.files, "2.root.json")
		r.keys[metadata.TIMESTAMP] = stolen
		r.timestamp.Signed.Version++
		r.signTimestamp()
		refused(t, r, known, channel.ErrSignatures)
		without := known
		without.Roots = nil // whoever deletes them gains nothing
		refused(t, r, without, channel.ErrRollback)
		without.Roots = channel.Files{{Name: "2.root.json", Data: []byte("{}")}}
		refused(t, r, without, channel.ErrRollback)
		r.keys[metadata.TIMESTAMP] = honest
		r.signTimestamp()
		if _, err := channel.Update(t.Context(), r.source(), known, now); err != nil {
			t.Errorf("with the root kept and the new key: %v", err)
		}
		r.files["2.root.json"] = hidden
		if _, err := channel.Update(t.Context(), r.source(), known, now); err != nil {
			t.Error(err)
		}
	})
	t.Run("a timestamp", func(t *testing.T) {
		r, known := start()
		r.timestamp.Signed.Version, r.snapshot.Signed.Version = 5, 2
		r.signSnapshot()
		r.signTimestamp()
		delete(r.files, "2.snapshot.json")
		known = refused(t, r, known, channel.ErrMismatch)
		if got := known.Minimum.Versions; got != (channel.Versions{Root: 1, Timestamp: 5, Snapshot: 1, Targets: 1}) {
			t.Fatalf("kept is %v", got)
		}
		r.timestamp.Signed.Version = 3
		r.publish()
		refused(t, r, known, channel.ErrRollback)
		r.timestamp.Signed.Version = 6
		r.publish()
		if _, err := channel.Update(t.Context(), r.source(), known, now); err != nil {
			t.Error(err)
		}
	})
	t.Run("a snapshot, and not the targets that it names", func(t *testing.T) {
		r, known := start()
		r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1000, 4, 4
		r.publish()
		delete(r.files, "1000.targets.json")
		known = refused(t, r, known, channel.ErrMismatch)
		if got := known.Minimum.Versions; got != (channel.Versions{Root: 1, Timestamp: 4, Snapshot: 4, Targets: 1}) {
			t.Fatalf("kept is %v", got)
		}
		r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 2, 3, 5
		r.publish()
		refused(t, r, known, channel.ErrRollback)
		r.snapshot.Signed.Version = 5
		r.publish()
		if _, err := channel.Update(t.Context(), r.source(), known, now); err != nil {
			t.Errorf("a thief of the snapshot's key counts targets up: %v", err)
		}
	})
	t.Run("nothing that did not verify", func(t *testing.T) {
		for name, lie := range map[string]func(r *repo){
			"root": func(r *repo) { r.files["2.root.json"] = []byte("{}") },
			"root by others": func(r *repo) {
				other := newRepo(t)
				other.rotate(func() {})
				r.files["2.root.json"] = other.files["2.root.json"]
			},
			"timestamp by others": func(r *repo) {
				other := newRepo(t)
				other.next()
				r.files["timestamp.json"] = other.files["timestamp.json"]
			},
			"timestamp expired":     func(r *repo) { r.timestamp.Signed.Expires = now.Add(-time.Second); r.next() },
			"timestamp rolled back": func(r *repo) { r.timestamp.Signed.Version = 1; r.signTimestamp() },
		} {
			r, known := start()
			r.next()
			known.Before = mustUpdate(t, r, known.Before)
			known.Minimum = known.Before.Seen()
			lie(r)
			_, err := channel.Update(t.Context(), r.source(), known, now)
			var keep *channel.Refusal
			if err == nil || errors.As(err, &keep) {
				t.Errorf("%s: %v keeps %+v", name, err, keep)
			}
		}
	})
}

// TestMessagesNameTheRole that was wrong.
func TestMessagesNameTheRole(t *testing.T) {
	r := newRepo(t)
	r.rotate(func() { r.root.Signed.Expires = now.Add(-time.Second) })
	if _, err := update(t, r, nil); !errors.Is(err, channel.ErrExpired) || !strings.Contains(err.Error(), "root, version 2") || strings.Contains(err.Error(), "timestamp") {
		t.Errorf("an expired root: %v", err)
	}
	if _, err := channel.Update(t.Context(), channel.Files{}, channel.Known{Root: r.first()}, now); !errors.Is(err, channel.ErrMalformed) || !strings.Contains(err.Error(), "no channel here") {
		t.Errorf("an empty directory: %v", err)
	}
}

// TestDelegationsThatNameNobody: publishers' tools write an object without roles.
func TestDelegationsThatNameNobody(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"keys":{},"roles":[]}`: true,
		`{}`:                     true,
		`{"keys":{},"roles":null,"succinct_roles":null}`:                             true,
		`{"keys":{},"roles":[{"name":"x"}]}`:                                         false,
		`{"keys":{},"succinct_roles":{"bit_length":1,"name_prefix":"x"}}`:            false,
		`{"keys":{},"roles":[],"succinct_roles":{"bit_length":1,"name_prefix":"x"}}`: false,
		`[]`: false,
	} {
		r := newRepo(t)
		var doc map[string]any
		r.check(json.Unmarshal(r.files["1.targets.json"], &doc))
		doc["signed"].(map[string]any)["delegations"] = json.RawMessage(text)
		if err := channel.CheckForm("1.targets.json", "targets", must(json.Marshal(doc))); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	r := newRepo(t)
	r.targets.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{}}
	mustUpdate(t, r.publish(), nil)
}

// TestKeysOfAnotherKind: one beside enough usable ones is taken as go-tuf takes it.
func TestKeysOfAnotherKind(t *testing.T) {
	other := must(metadata.KeyFromPublicKey(&must(rsa.GenerateKey(rand.Reader, 2048)).PublicKey))
	with := func(change func(r *repo)) error {
		r := newRepo(t)
		change(r)
		r.publishRoot(r.keys[metadata.ROOT])
		_, err := update(t, r, nil)
		return err
	}
	if err := with(func(r *repo) {
		for _, role := range roleNames {
			r.check(r.root.Signed.AddKey(other, role))
		}
	}); err != nil {
		t.Errorf("an RSA key beside a usable one: %v", err)
	}
	if err := with(func(r *repo) {
		r.check(r.root.Signed.AddKey(other, metadata.TARGETS))
		r.root.Signed.Roles[metadata.TARGETS].Threshold = 2
	}); !errors.Is(err, channel.ErrMalformed) || !strings.Contains(err.Error(), "targets: 2 of its keys must sign, and 1 are") {
		t.Errorf("a threshold that needs it: %v", err)
	}
	unknown := &metadata.Key{Type: "ml-dsa", Scheme: "ml-dsa-65", Value: metadata.KeyVal{PublicKey: "00"}}
	if err := with(func(r *repo) { r.root.Signed.Keys[must(unknown.ID())] = unknown }); err != nil {
		t.Errorf("an unknown kind that no role uses: %v", err)
	}
	if err := with(func(r *repo) { r.check(r.root.Signed.AddKey(unknown, metadata.TARGETS)) }); !errors.Is(err, channel.ErrMalformed) || !strings.Contains(err.Error(), "ml-dsa") {
		t.Errorf("an unknown kind in a role, which go-tuf refuses: %v", err)
	}
}

// TestRootWithAMistake: a root in which a role cannot reach its threshold is
// followed all the same, for it may have taken a stolen key away, and the one that
// mends it is signed by it.
func TestRootWithAMistake(t *testing.T) {
	unknown := &metadata.Key{Type: "ml-dsa", Scheme: "ml-dsa-65", Value: metadata.KeyVal{PublicKey: "00"}}
	for name, mistake := range map[string]struct {
		make, mend func(r *metadata.RootType)
	}{
		"a threshold above the keys": {
			func(r *metadata.RootType) { r.Roles[metadata.SNAPSHOT].Threshold = 6 },
			func(r *metadata.RootType) { r.Roles[metadata.SNAPSHOT].Threshold = 1 },
		},
		"a key of an unknown kind": {
			func(r *metadata.RootType) { _ = r.AddKey(unknown, metadata.TARGETS) },
			func(r *metadata.RootType) { _ = r.RevokeKey(must(unknown.ID()), metadata.TARGETS) },
		},
		"a key that is not listed": {
			func(r *metadata.RootType) {
				r.Roles[metadata.TARGETS].KeyIDs = append(r.Roles[metadata.TARGETS].KeyIDs, "lost")
			},
			func(r *metadata.RootType) {
				r.Roles[metadata.TARGETS].KeyIDs = r.Roles[metadata.TARGETS].KeyIDs[:1]
			},
		},
	} {
		r := newRepo(t)
		before := mustUpdate(t, r, nil)
		r.rotate(func() { mistake.make(&r.root.Signed) })
		_, err := update(t, r.next(), before)
		var refused *channel.Refusal
		if !errors.As(err, &refused) || !errors.Is(err, channel.ErrMalformed) || !strings.Contains(err.Error(), "2.root.json") || refused.Seen.Root != 2 || len(refused.Roots) != 1 {
			t.Errorf("%s: %v, %+v", name, err, refused)
		}
		r.rotate(func() { mistake.mend(&r.root.Signed) })
		if v, err := update(t, r.next(), before); err != nil || v.Versions.Root != 3 {
			t.Errorf("%s, mended: %v", name, err)
		}
	}
}

// TestTargetsRecovery: a vendor who counted the version of targets too far gives
// the snapshot another key and starts anew.
func TestTargetsRecovery(t *testing.T) {
	for name, roles := range map[string][]string{
		"snapshot": {metadata.SNAPSHOT}, "snapshot and timestamp": {metadata.SNAPSHOT, metadata.TIMESTAMP},
		"targets and snapshot": {metadata.TARGETS, metadata.SNAPSHOT},
	} {
		r := newRepo(t)
		r.targets.Signed.Version = 10
		robbed := mustUpdate(t, r.publish(), nil)
		r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1, 2, 2
		if _, err := update(t, r.publish(), robbed); !errors.Is(err, channel.ErrRollback) {
			t.Errorf("%s: without a new root: %v", name, err)
		}
		r.rotate(func() {
			for _, role := range roles {
				r.addKey(role)
				r.dropKey(role)
			}
		})
		v, err := update(t, r.publish(), robbed)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// From there on the new versions count.
		r.targets.Signed.Version = 3
		v = mustUpdate(t, r.next(), v)
		r.targets.Signed.Version = 1
		r.snapshot.Signed.Version++
		r.timestamp.Signed.Version++
		if _, err := update(t, r.publish(), v); !errors.Is(err, channel.ErrRollback) {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
	r := newRepo(t)
	r.targets.Signed.Version = 10
	seen := mustUpdate(t, r.publish(), nil)
	r.rotate(func() { r.addKey(metadata.TIMESTAMP); r.dropKey(metadata.TIMESTAMP) })
	r.targets.Signed.Version, r.snapshot.Signed.Version, r.timestamp.Signed.Version = 1, 2, 2
	if _, err := update(t, r.publish(), seen); !errors.Is(err, channel.ErrRollback) {
		t.Errorf("a new key of the timestamp alone: %v", err)
	}
}
