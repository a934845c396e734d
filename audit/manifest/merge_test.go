package manifest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// full is a predicate in which every list has an entry.
func full() *manifest.Predicate {
	p := predicate()
	p.Devices[0] = manifest.Device{VendorID: "1002", DeviceID: "73ff", SubsystemVendorID: "1da2", SubsystemDeviceID: "e448", RevisionID: "c1"}
	p.Firmware[0].SHA384, p.Firmware[0].StableSHA256 = strings.Repeat("a", 96), digest("c")
	p.Firmware[0].Images[0].SHA384, p.Firmware[0].Images[0].AuthenticodeSHA256 = strings.Repeat("b", 96), digest("d")
	p.Firmware = append(p.Firmware, manifest.Firmware{Kind: manifest.RuntimeFile, Version: "20.1", File: "amdgpu/x.bin", SHA256: digest("7")})
	p.Drivers = []manifest.Driver{{Module: "amdgpu", Version: "6.1", SHA256: digest("e"), MinimumVersion: "6.0"}}
	p.Functions = &[]manifest.Function{{VendorID: "1002", DeviceID: "ab28", ClassCode: "040300"}}
	p.MemoryMiB = []int{8192}
	return &p
}

func copyOf(t *testing.T, p *manifest.Predicate) *manifest.Predicate {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var c manifest.Predicate
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// leaves visits every field that holds a value, also those added later.
func leaves(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			leaves(v.Elem(), path, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for f, field := range v.Fields() {
			leaves(field, path+"."+f.Name, visit)
		}
	case reflect.String, reflect.Int:
		visit(path, v)
	}
}

// change gives a leaf another value of the same form.
func change(v reflect.Value) {
	switch s := v.String(); {
	case v.Kind() == reflect.Int:
		v.SetInt(v.Int() + 1)
	case s == "":
		v.SetString("f")
	case s[0] == 'f':
		v.SetString("0" + s[1:])
	default:
		v.SetString("f" + s[1:])
	}
}

func cards(list ...*manifest.Predicate) []manifest.Card {
	var out []manifest.Card
	for i, p := range list {
		out = append(out, manifest.Card{Name: fmt.Sprintf("card %d", i+1), Predicate: p})
	}
	return out
}

// TestEqualCardsMergeToOne, without a question, in any order of their lists.
func TestEqualCardsMergeToOne(t *testing.T) {
	p := full()
	p.MemoryMiB = []int{8192, 16384}
	q := copyOf(t, p)
	slices.Reverse(q.MemoryMiB)
	got, questions, err := manifest.Merge(cards(p, q, p), manifest.Answers{})
	if err != nil || len(questions) > 0 || !reflect.DeepEqual(got, p) {
		t.Errorf("%+v, %v, %v", got, questions, err)
	}
}

// TestNoDifferenceIsSilent: whatever one card states differently is a question,
// and while it is open there is no manifest.
func TestNoDifferenceIsSilent(t *testing.T) {
	edition := []string{".Name", ".Sequence", ".Vendor", ".Status"}
	met := 0
	leaves(reflect.ValueOf(full()), "", func(path string, _ reflect.Value) {
		if slices.Contains(edition, path) {
			return
		}
		met++
		odd := full()
		leaves(reflect.ValueOf(odd), "", func(at string, v reflect.Value) {
			if at == path {
				change(v)
			}
		})
		p, questions, err := manifest.Merge(cards(full(), odd, full()), manifest.Answers{})
		if errors.Is(err, manifest.ErrModel) && strings.HasPrefix(path, ".Devices") {
			return
		}
		if err != nil || p != nil || len(questions) != 1 || len(questions[0].Stated) != 2 || !slices.Equal(questions[0].Stated[1].Cards, []string{"card 2"}) {
			t.Errorf("%s: %+v, %+v, %v", path, p, questions, err)
		}
		// Nor does an answer to other aspects let it pass.
		others := slices.DeleteFunc([]manifest.Aspect{"board", "rom", "firmware", "runtime", "driver", "functions", "memory"}, func(a manifest.Aspect) bool { return a == questions[0].Aspect })
		if p, questions, _ := manifest.Merge(cards(full(), odd), manifest.Answers{Differing: others}); p != nil || len(questions) != 1 {
			t.Errorf("%s with answers to %v: %+v", path, others, questions)
		}
	})
	if met < 20 {
		t.Errorf("only %d fields were met", met)
	}
}

// TestAQuestionShowsWhatDiffers, and counts what does not.
func TestAQuestionShowsWhatDiffers(t *testing.T) {
	one := full()
	for i := range 100 {
		one.Firmware = append(one.Firmware, manifest.Firmware{Kind: manifest.RuntimeFile, Version: "1", File: fmt.Sprintf("a/%d", i), SHA256: digest("8")})
	}
	odd := copyOf(t, one)
	odd.Firmware[50].SHA256 = digest("9")
	short := copyOf(t, one)
	short.Firmware = slices.Delete(short.Firmware, 50, 51)
	_, questions, err := manifest.Merge(cards(one, odd, short), manifest.Answers{})
	if err != nil || len(questions) != 1 || questions[0].Common != 100 || len(questions[0].Stated) != 3 {
		t.Fatalf("%+v, %v", questions, err)
	}
	var got []int
	for _, s := range questions[0].Stated {
		got = append(got, len(s.Entries))
	}
	if !slices.Equal(got, []int{1, 1, 0}) {
		t.Errorf("entries are %v", questions[0].Stated)
	}
}

func TestMergeAnswers(t *testing.T) {
	otherROM := full()
	otherROM.Firmware[0].SHA256, otherROM.Firmware[0].SHA384 = digest("1"), strings.Repeat("1", 96)
	otherCode := copyOf(t, otherROM)
	otherCode.Firmware[0].StableSHA256, otherCode.Firmware[0].Images[0].SHA256 = digest("2"), digest("3")
	opaque, otherOpaque := full(), full()
	opaque.Firmware[0].StableSHA256, opaque.Firmware[0].Images = "", nil
	otherOpaque.Firmware[0] = opaque.Firmware[0]
	otherOpaque.Firmware[0].SHA256, otherOpaque.Firmware[0].SHA384 = digest("1"), ""
	unread := full()
	unread.Firmware, unread.Functions = nil, nil
	none := full()
	none.Functions = &[]manifest.Function{}
	board := full()
	board.Devices[0].SubsystemDeviceID = "0001"
	for _, tc := range []struct {
		name    string
		odd     *manifest.Predicate
		answers manifest.Answers
		open    string
		check   func(*manifest.Predicate) bool
	}{
		{"whole ROMs differ", otherROM, manifest.Answers{}, "rom", nil},
		{"whole ROMs differ, stable only", otherROM, manifest.Answers{StableOnly: true}, "", func(p *manifest.Predicate) bool {
			return len(p.Firmware) == 2 && p.Firmware[0].SHA256 == "" && p.Firmware[0].SHA384 == "" && p.Firmware[0].StableSHA256 == digest("c")
		}},
		{"whole ROMs differ, each", otherROM, manifest.Answers{Differing: []manifest.Aspect{"rom"}}, "", func(p *manifest.Predicate) bool {
			return len(p.Firmware) == 3 && p.Firmware[1].SHA256 == digest("1")
		}},
		{"equal ROMs keep their digest", full(), manifest.Answers{StableOnly: true}, "", func(p *manifest.Predicate) bool { return p.Firmware[0].SHA256 == digest("a") }},
		{"stable only is no answer to other code", otherCode, manifest.Answers{StableOnly: true, Differing: []manifest.Aspect{"rom"}}, "firmware", nil},
		{"other code", otherCode, manifest.Answers{Differing: []manifest.Aspect{"firmware"}}, "", func(p *manifest.Predicate) bool { return len(p.Firmware) == 3 }},
		{"a ROM without images is code as a whole", otherOpaque, manifest.Answers{StableOnly: true}, "firmware", nil},
		{"not read", unread, manifest.Answers{}, "firmware runtime functions", nil},
		{"not read, accepted", unread, manifest.Answers{Differing: []manifest.Aspect{"firmware", "runtime", "functions"}}, "", func(p *manifest.Predicate) bool {
			return len(p.Firmware) == 2 && len(*p.Functions) == 1
		}},
		{"no function", none, manifest.Answers{}, "functions", nil},
		{"no function, accepted", none, manifest.Answers{Differing: []manifest.Aspect{"functions"}}, "", func(p *manifest.Predicate) bool { return len(*p.Functions) == 1 }},
		{"another board", board, manifest.Answers{}, "board", nil},
		{"another board, accepted", board, manifest.Answers{Differing: []manifest.Aspect{"board"}}, "", func(p *manifest.Predicate) bool { return len(p.Devices) == 2 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			with := full()
			if tc.odd == otherOpaque {
				with = opaque
			}
			p, questions, err := manifest.Merge(cards(with, tc.odd), tc.answers)
			var open []string
			for _, q := range questions {
				open = append(open, string(q.Aspect))
			}
			if err != nil || strings.Join(open, " ") != tc.open || (p == nil) != (tc.open != "") || tc.check != nil && !tc.check(p) {
				t.Errorf("%+v, open %v, %v", p, open, err)
			}
		})
	}
	if _, _, err := manifest.Merge(nil, manifest.Answers{}); err == nil {
		t.Error("no cards were merged")
	}
}

// TestDiffSeesEveryField, and nothing where there is nothing.
func TestDiffSeesEveryField(t *testing.T) {
	if c := manifest.Diff(full(), full()); len(c) != 0 {
		t.Errorf("equal manifests differ: %+v", c)
	}
	leaves(reflect.ValueOf(full()), "", func(path string, _ reflect.Value) {
		now := full()
		leaves(reflect.ValueOf(now), "", func(at string, v reflect.Value) {
			if at == path {
				change(v)
			}
		})
		changes := manifest.Diff(full(), now)
		if edition := path == ".Name" || path == ".Sequence"; (len(changes) == 0) != edition {
			t.Errorf("%s: %+v", path, changes)
		}
		if back := manifest.Diff(now, full()); len(back) != len(changes) {
			t.Errorf("%s: %d changes one way and %d the other", path, len(changes), len(back))
		}
	})
}

func TestDiffNamesTheField(t *testing.T) {
	now := full()
	now.Firmware[0].StableSHA256, now.Firmware[0].Images[0].SHA384 = digest("9"), ""
	now.Drivers = append(now.Drivers, manifest.Driver{Module: "nouveau", MinimumVersion: "1"})
	now.Functions, now.MemoryMiB = nil, []int{16384}
	var got []string
	for _, c := range manifest.Diff(full(), now) {
		got = append(got, fmt.Sprintf("%s: %.12s > %.12s", c.What, c.Old, c.New))
	}
	want := []string{"firmware option-rom 1.0 part 113-A stable sha256: cccccccccccc > 999999999999", "firmware option-rom 1.0 part 113-A image 0 sha384: bbbbbbbbbbbb > ",
		"driver:  > nouveau, at ", "functions: stated > ", "function: 1002:ab28 cl > ", "memory: 8192 MiB > ", "memory:  > 16384 MiB"}
	if !slices.Equal(got, want) {
		t.Errorf("changes are\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestStableOnlyOfOneCard: the answer needs no second card, and leaves nothing of the
// bytes around the images.
func TestStableOnlyOfOneCard(t *testing.T) {
	p := full()
	p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, parts(90, 10)
	got, questions, err := manifest.Merge(cards(p), manifest.Answers{StableOnly: true})
	if err != nil || len(questions) > 0 {
		t.Fatal(questions, err)
	}
	if f := got.Firmware[0]; f.SHA256 != "" || f.SHA384 != "" || f.Bytes != 0 || f.Parts != nil || f.StableSHA256 != digest("c") || len(f.Images) == 0 {
		t.Errorf("stated is %v", f)
	}
	if got, _, err := manifest.Merge(cards(p), manifest.Answers{}); err != nil || got.Firmware[0].Bytes != 100 || len(got.Firmware[0].Parts) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
