package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// persona is somebody with a machine, and what he types.
type persona struct {
	name string
	host func() *hosttest.Host
	// capture is a recording that is scanned where there is no host.
	capture func(t *testing.T) string
	args    []string
	files   []string // of witness.txtar
	cards   int      // blocks on the screen
	french  bool     // the screen is held in French, too
}

// personas are those for whom the first screen is written.
func personas() []persona {
	const slot = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/"
	nvidia := func() *hosttest.Host { return hosttest.New().Add(hosttest.NVIDIACard("0000:01:00.0")) }
	return []persona{
		{name: "buyer-48gb", host: nvidia, files: []string{"doubled.xml"}, args: []string{"--witness", "doubled.xml", "--jurisdiction", "FR", "--profile", "private"}, cards: 1, french: true},
		{name: "desktop-without-root", cards: 2, french: true, host: func() *hosttest.Host {
			h := hosttest.Good().Add(hosttest.NVIDIACard("0000:01:00.0"))
			for name, f := range h.FS {
				if strings.HasSuffix(name, "/config") {
					f.Data = f.Data[:64]
				}
			}
			return h.Remove("sys/devices/pci0000:00/0000:00:01.3/0000:03:00.0/rom")
		}},
		{name: "eight", host: hosttest.EightGPUs, args: []string{"--expect", "8"}, cards: 1},
		{name: "amd-desktop", host: hosttest.Good, cards: 1, french: true},
		{name: "laptop", cards: 2, host: func() *hosttest.Host {
			integrated := hosttest.Card{Address: "0000:00:02.0", Vendor: "8086", Device: "46a6", Subvendor: "1028", Subdevice: "0b0b", Bridges: []hosttest.Bridge{}, Driver: "i915", BARs: []uint64{16 << 20, 256 << 20, 0}}
			mobile := hosttest.NVIDIACard("0000:01:00.0")
			mobile.Device, mobile.Subvendor, mobile.Subdevice, mobile.NVIDIAVersion = "2560", "1028", "0b0b", "94.06.1f.00.61"
			return hosttest.New().Add(integrated).Add(mobile).File(slot+"power/runtime_status", "suspended\n").File("sys/class/dmi/id/chassis_type", "10\n")
		}},
		{name: "virtual-machine", capture: p100, cards: 2},
		{name: "silent-maker", cards: 1, args: []string{"--jurisdiction", "DE", "--profile", "private"}, host: func() *hosttest.Host {
			return hosttest.New().Add(hosttest.Card{Address: "0000:01:00.0", Vendor: "1ed5", Device: "0323", Subvendor: "1ed5", Subdevice: "0323", Driver: "mtgpu"})
		}},
		{name: "no-gpu", host: hosttest.New},
	}
}

// p100 is a virtual machine with a card that its host passes through, recorded by ghw.
func p100(t *testing.T) string {
	t.Helper()
	name := filepath.Join(ghwFolder(), "testdata/snapshots/linux-amd64-accel-nvidia.tar.gz")
	if _, err := os.Stat(name); err != nil {
		t.Skip("the recordings of the module ghw are not in the module cache")
	}
	return name
}

// scan prints what the persona sees at a width, or in another form.
func (p *persona) scan(t *testing.T, columns int, more ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"scan", "--now", "2026-11-24T00:00:00Z"}, p.args...)
	if p.capture != nil {
		args = append(args, "--capture", p.capture(t))
	} else {
		if err := p.host().WriteTo(filepath.Join(dir, "root")); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--root", filepath.Join(dir, "root"))
	}
	if len(p.files) > 0 {
		archive, err := txtar.ParseFile("testdata/script/witness.txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			for i, name := range p.files {
				if f.Name == name {
					if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o600); err != nil {
						t.Fatal(err)
					}
					for j, arg := range args {
						if arg == p.files[i] {
							args[j] = filepath.Join(dir, name)
						}
					}
				}
			}
		}
	}
	var out, errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, unconfined: true, own: ownInTests, Getenv: func(name string) string {
		if name == "COLUMNS" && columns > 0 {
			return strconv.Itoa(columns)
		}
		return ""
	}}
	if code := a.main(t.Context(), append(args, more...)); code == exitUsage {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	return out.Bytes()
}

// TestPersonas holds the first screen of each, and the same answers for programs.
func TestPersonas(t *testing.T) {
	t.Parallel()
	for _, p := range personas() {
		t.Run(p.name, func(t *testing.T) {
			held(t, filepath.Join("../../testdata/golden/personas", p.name+".txt"), p.scan(t, 80))
			if p.french {
				held(t, filepath.Join("../../testdata/golden/personas", p.name+".fr.txt"), p.scan(t, 80, "--lang", "fr"))
			}
			var r report.Report
			if err := json.Unmarshal(p.scan(t, 0, "-o", "json"), &r); err != nil {
				t.Fatal(err)
			}
			type answered struct {
				Address string          `json:"address"`
				Answers []report.Answer `json:"answers"`
			}
			list := []answered{}
			for _, d := range r.Devices {
				list = append(list, answered{d.Address, d.Answers})
			}
			var b bytes.Buffer
			if err := report.EncodeJSON(&b, list, "  "); err != nil {
				t.Fatal(err)
			}
			held(t, filepath.Join("../../testdata/golden/personas", p.name+".json"), b.Bytes())
		})
	}
}

// TestFirstScreenFits: no line is wider than the terminal, from 60 columns on; a card
// takes twelve lines with the verdict and what to do, and one that is like it three more.
func TestFirstScreenFits(t *testing.T) {
	t.Parallel()
	for _, p := range personas() {
		t.Run(p.name, func(t *testing.T) {
			var r report.Report
			if err := json.Unmarshal(p.scan(t, 0, "-o", "json"), &r); err != nil {
				t.Fatal(err)
			}
			fits(t, &r, p.cards)
		})
	}
}

// TestFirstScreenFitsEveryHost: the same of machines with faults, and with cards that
// are listed and not judged.
func TestFirstScreenFitsEveryHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bad-checksum", "garbage-rom", "other-rom", "network-function", "capability-loop", "changed-module", "nvidia", "header-only",
		"worn", "firmware", "rpm", "no-packages", "kernel-marks", "nvidia-marks", "iommu-off", "doubled-memory", "larger-memory"} {
		for _, more := range [][]string{nil, {"--expect", "9", "--pack", "strict"}} {
			var r report.Report
			if err := json.Unmarshal(scanHost(t, name, append([]string{"-o", "json"}, more...)...), &r); err != nil {
				t.Fatal(err)
			}
			fits(t, &r, 0)
		}
	}
}

// fits holds a first screen to its width, and where there are so many blocks of cards,
// to its height.
func fits(t *testing.T, r *report.Report, blocks int) {
	t.Helper()
	for _, language := range []*message.Language{nil, french(t)} {
		for columns := 60; columns <= 200; columns++ {
			fitsIn(t, r, blocks, report.TableOptions{Width: columns, Language: language})
		}
	}
}

// french is what the program says in French.
func french(t *testing.T) *message.Language {
	t.Helper()
	l, err := audit.Language("fr")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func fitsIn(t *testing.T, r *report.Report, blocks int, opts report.TableOptions) {
	t.Helper()
	columns := opts.Width
	var b bytes.Buffer
	if err := report.Table(&b, r, opts); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for _, line := range lines {
		if w := len([]rune(line)); w > columns {
			t.Errorf("%d columns: %d: %s", columns, w, line)
		}
	}
	if columns >= 80 && blocks > 0 && len(lines) > 12*blocks+1 { // the empty line apart
		t.Errorf("%d columns: %d lines for %d blocks", columns, len(lines), blocks)
	}
	if t.Failed() {
		t.Fatal(b.String())
	}
}
