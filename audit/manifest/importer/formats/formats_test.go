package formats_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/formats"
)

var recordedAt = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEveryFormatHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range formats.All() {
		if seen[f.Name] || formats.Named(f.Name) == nil || len(f.Knows) == 0 {
			t.Errorf("%q: seen %v, knows %v", f.Name, seen[f.Name], f.Knows)
		}
		seen[f.Name] = true
	}
	if formats.Named("rpm") != nil {
		t.Error("there is a format that nobody reads")
	}
}

var bom = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"firmware","name":"card","version":"1","hashes":[{"alg":"SHA-256","content":"` + digest + `"}]}]}`

var digest = strings.Repeat("ab", 32)

func TestState(t *testing.T) {
	d, err := formats.ParseDevice("1002:73FF")
	if err != nil {
		t.Fatal(err)
	}
	b := manifest.Baseline{Name: "card", Vendor: "unknown", Sequence: 1, Issued: recordedAt, Expires: recordedAt.AddDate(1, 0, 0)}
	names := []string{write(t, "bom.json", bom)}
	documents, err := formats.Named("cyclonedx").Open(names, &formats.Options{As: "option-rom", Devices: []manifest.Device{d}}, recordedAt)
	if err != nil {
		t.Fatal(err)
	}
	defer documents.Close()
	var read []string
	p, err := documents.State(context.Background(), b, false, func(name string, size int64) { read = append(read, name) })
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Firmware) != 1 || p.Firmware[0].SHA256 != digest || len(p.Devices) != 1 || p.Devices[0].DeviceID != "73ff" {
		t.Errorf("%+v", p)
	}
	if len(p.Imported) != 1 || p.Imported[0].File != "bom.json" || len(read) != 1 || read[0] != "bom.json" {
		t.Errorf("%+v, read %v", p.Imported, read)
	}
}

// What a format needs is read before its documents, and what cannot be read names its flag.
func TestOpenRefuses(t *testing.T) {
	good := write(t, "bom.json", "{}")
	for name, tc := range map[string]struct {
		format string
		files  []string
		o      formats.Options
		want   string
	}{
		"no kind":            {"cyclonedx", []string{good}, formats.Options{}, "--as: "},
		"no keyring":         {"debian", []string{good}, formats.Options{Keyring: "/nowhere"}, "--keyring: "},
		"no keys":            {"corim", []string{good}, formats.Options{As: "runtime", Keys: []string{"/nowhere"}}, "--key: "},
		"no certificate":     {"lvfs", []string{good}, formats.Options{CA: good}, "--ca " + good + ": it holds no certificate"},
		"a document is gone": {"cyclonedx", []string{good, "/nowhere"}, formats.Options{As: "runtime"}, "/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := formats.Named(tc.format).Open(tc.files, &tc.o, recordedAt)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	if _, err := formats.Named("cyclonedx").Open([]string{"/nowhere"}, &formats.Options{As: "runtime"}, recordedAt); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// The limit is of all documents together.
func TestLimitIsOfAll(t *testing.T) {
	f := formats.Named("cyclonedx")
	large := write(t, "large.json", "")
	if err := os.Truncate(large, 40<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open([]string{large, large}, &formats.Options{As: "runtime"}, recordedAt); !errors.Is(err, input.ErrTooLarge) {
		t.Errorf("twice 40 MiB: %v", err)
	}
}

func TestParseDevice(t *testing.T) {
	for text, want := range map[string]manifest.Device{
		"10de:2684":           {VendorID: "10de", DeviceID: "2684"},
		"1002:73FF:1DA2:E447": {VendorID: "1002", DeviceID: "73ff", SubsystemVendorID: "1da2", SubsystemDeviceID: "e447"},
	} {
		if got, err := formats.ParseDevice(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10de", "10de:26841", "10de:2684:1da2", "10de:2684:1da2:e447:", "10de:zzzz"} {
		if got, err := formats.ParseDevice(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
