package machine_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// brokered serves a machine to a client in this process.
func brokered(t *testing.T, m *broker.Machine) *broker.Client {
	t.Helper()
	outside, inside, err := broker.Pair()
	if err != nil {
		t.Fatal(err)
	}
	s, err := broker.NewServer(outside, nil, broker.Rights{Machine: m}, broker.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(t.Context())
	c, err := broker.NewClient(inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// recorded is what collectors find on a machine, and what they read, as texts.
func recorded(t *testing.T, dir string, a *machine.Access) (facts, digest string) {
	t.Helper()
	m, err := machine.Open(t.Context(), machine.Source{Root: dir}, machine.Options{Now: now, Access: a})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := catalogue.Load()
	recorder := m.Record("test")
	inv, err := collect.Run(t.Context(), m.Env, machine.Enumerator(c), machine.Collectors())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(inv, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := recorder.Digest(capture.Options{Tool: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return string(b), string(sum)
}

// TestBrokeredIsDirect: a process that sees the machine through another finds what one
// finds that opens it, byte for byte; with declared paths alone, too.
func TestBrokeredIsDirect(t *testing.T) {
	for _, name := range []string{"empty", "good", "nvidia", "eight", "changed-module", "header-only"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			h, err := hosttest.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.WriteTo(dir); err != nil {
				t.Fatal(err)
			}
			facts, digest := recorded(t, dir, nil)
			for _, paths := range [][]string{{"."}, machine.Declared()} {
				m := &broker.Machine{Root: dir, Paths: paths}
				m.Except, m.But = machine.Elsewhere()
				a := &machine.Access{FS: brokered(t, m).Machine(), Scratch: t.TempDir()}
				if got, sum := recorded(t, dir, a); got != facts || sum != digest {
					t.Errorf("%d paths: the facts are equal: %v, what was read is equal: %v\n%s\n%s", len(paths), got == facts, sum == digest, got, facts)
				}
			}
		})
	}
}

// TestBrokeredRoot: a root that is not there is a mistake of the command's, and without
// a scratch folder ghw's tree is a gap.
func TestBrokeredRoot(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	a := &machine.Access{FS: brokered(t, &broker.Machine{Root: none, Paths: []string{"."}}).Machine()}
	_, direct := machine.Open(t.Context(), machine.Source{Root: none}, machine.Options{Now: now})
	_, err := machine.Open(t.Context(), machine.Source{Root: none}, machine.Options{Now: now, Access: a})
	if err == nil || fault.Of(err) != fault.Usage || err.Error() != direct.Error() || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want %v", err, direct)
	}
	dir := t.TempDir()
	if err := hosttest.Good().WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	a = &machine.Access{FS: brokered(t, &broker.Machine{Root: dir, Paths: []string{"."}}).Machine()}
	m, err := machine.Open(t.Context(), machine.Source{Root: dir}, machine.Options{Now: now, Access: a})
	if err != nil || m.Env.PCITree != "" {
		t.Errorf("%v, tree %q", err, m.Env.PCITree)
	}
}
