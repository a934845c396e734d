package gpuproof_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// machine is one with two cards of one maker's, each of which signs for itself.
type machine struct {
	cards   [2]*nvidiatest.Card
	given   gpuproof.Given
	answers *nvml.Answers
	inv     *inventory.Inventory
	nonce   []byte
}

var addresses = [2]string{"0000:01:00.0", "0000:02:00.0"}

func newMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{nonce: bytes.Repeat([]byte{7}, 32), inv: &inventory.Inventory{}, given: gpuproof.Given{Asked: true, Manifests: input.Folder{}}}
	var roots, makers []byte
	m.answers = &nvml.Answers{Schema: nvml.Schema, Library: "/l", Confidential: &nvml.Confidential{Environment: "prod", Enabled: true}}
	for i, chip := range []string{nvidiatest.ChipID, "2921CE551E4EEDA4"} {
		card, err := nvidiatest.New(chip)
		must(t, err)
		m.cards[i] = card
		roots, makers = append(roots, nvidia.PEM(card.Signed.Root())...), append(makers, nvidia.PEM(card.Maker.Root())...)
		m.answers.GPUs = append(m.answers.GPUs, nvml.GPU{Address: addresses[i], VendorID: "10de", DeviceID: "2331", SubsystemVendorID: "10de", SubsystemDeviceID: "0001", PDI: &chip})
		d := inventory.Device{Address: addresses[i], Driver: &inventory.Driver{Name: "nvidia", Claims: []inventory.DriverClaim{{Source: "nvml", Version: nvidiatest.Driver}}}}
		d.PCI.VendorID = new("10de")
		d.Firmware.Versions = []inventory.VersionClaim{{Source: "nvml", Version: strings.ToLower(nvidiatest.VBIOS)}}
		m.inv.Devices = append(m.inv.Devices, d)
	}
	driver, err := m.cards[0].Manifest(m.cards[0].Driver)
	must(t, err)
	vbios, err := m.cards[0].Manifest(m.cards[0].VBIOS)
	must(t, err)
	m.given.Manifests[nvidiatest.DriverFile], m.given.Manifests[nvidiatest.VBIOSFile] = driver, vbios
	m.given.DeviceRoots, m.given.ManifestRoots = &input.File{Name: "d", Data: roots}, &input.File{Name: "m", Data: makers}
	return m
}

// sign lets the cards answer a nonce.
func (m *machine) sign(t testing.TB, nonce []byte) {
	t.Helper()
	m.answers.Nonce = new(hex.EncodeToString(nonce))
	for i, card := range m.cards {
		report, err := card.Report(nonce)
		must(t, err)
		m.answers.GPUs[i].Evidence = &nvml.Evidence{Report: report, Chain: string(card.Chain())}
	}
}

func (m *machine) verify(t testing.TB, edit func(*gpuproof.Input)) *facts.GPUProof {
	t.Helper()
	b, err := m.given.Open(now)
	must(t, err)
	in := gpuproof.Input{Answers: m.answers, Nonce: m.nonce, From: facts.NonceVerifier, Believed: b}
	if edit != nil {
		edit(&in)
	}
	p, err := gpuproof.Verify(in, m.inv)
	must(t, err)
	return p
}

// TestVerify: what two cards signed, against the machine that they sit in.
func TestVerify(t *testing.T) {
	key := []byte("name of a key")
	for name, tt := range map[string]struct {
		change func(t *testing.T, m *machine)
		edit   func(*gpuproof.Input)
		state  facts.AttestationState
		says   string
	}{
		"whole":  {func(*testing.T, *machine) {}, nil, facts.AttestationVerified, "2 of 2 GPUs are genuine and match"},
		"silent": {func(_ *testing.T, m *machine) { m.answers.GPUs[1].Evidence = nil }, nil, facts.AttestationUnproven, "0000:02:00.0 did not answer"},
		"all are": {func(_ *testing.T, m *machine) {
			for i := range m.answers.GPUs {
				m.answers.GPUs[i].Evidence = nil
				m.answers.GPUs[i].Failures = []nvml.Failure{{Fact: "evidence", Text: "report: not supported (NVML error 3)"}}
			}
		}, nil, facts.AttestationAbsent, "not supported (NVML error 3)"},
		"not asked": {func(_ *testing.T, m *machine) {
			m.answers.Nonce = nil
			for i := range m.answers.GPUs {
				m.answers.GPUs[i].Evidence = nil
			}
		}, nil, facts.AttestationAbsent, "they were not asked"},
		"no answers":        {func(*testing.T, *machine) {}, func(in *gpuproof.Input) { in.Answers, in.Missing = nil, "io-error" }, facts.AttestationAbsent, "io-error"},
		"one for both":      {func(_ *testing.T, m *machine) { m.answers.GPUs[1].Evidence = m.answers.GPUs[0].Evidence }, nil, facts.AttestationFailed, "duplicate-device"},
		"the bare nonce":    {func(t *testing.T, m *machine) { m.sign(t, m.nonce) }, nil, facts.AttestationFailed, "another nonce"},
		"for another key":   {func(*testing.T, *machine) {}, func(in *gpuproof.Input) { in.AKName, in.TPM = key, facts.AttestationVerified }, facts.AttestationFailed, "another nonce"},
		"for this key":      {func(t *testing.T, m *machine) { m.sign(t, gpuproof.Nonce(m.nonce, key)) }, func(in *gpuproof.Input) { in.AKName, in.TPM = key, facts.AttestationVerified }, facts.AttestationVerified, "2 of 2"},
		"developer mode":    {func(_ *testing.T, m *machine) { m.answers.Confidential.DevTools = true }, nil, facts.AttestationFailed, "DEVTOOLS"},
		"broken chain":      {func(_ *testing.T, m *machine) { m.answers.GPUs[0].Evidence.Chain = "x" }, nil, facts.AttestationUnproven, "0000:01:00.0 did not answer"},
		"nobody's nonce":    {func(*testing.T, *machine) {}, func(in *gpuproof.Input) { in.Nonce = nil }, facts.AttestationVerified, "2 of 2"},
		"without manifests": {func(_ *testing.T, m *machine) { m.given.Manifests = nil }, nil, facts.AttestationUnproven, "no reference"},
		"an edited one": {func(_ *testing.T, m *machine) {
			m.given.Manifests[nvidiatest.DriverFile] = bytes.Replace(m.given.Manifests[nvidiatest.DriverFile], []byte("0707"), []byte("0708"), 1)
		}, nil, facts.AttestationFailed, "no reference"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.sign(t, gpuproof.Nonce(m.nonce, nil))
			tt.change(t, m)
			p := m.verify(t, tt.edit)
			if p.State != tt.state || !strings.Contains(p.Reason, tt.says) {
				t.Errorf("%s: %s", p.State, p.Reason)
			}
			if (p.Bound == "tpm") != (name == "for this key") || (p.NonceFrom == facts.NonceEvidence) != (name == "nobody's nonce") {
				t.Errorf("bound %q, from %q", p.Bound, p.NonceFrom)
			}
		})
	}
}

// TestSwitches: NVSwitches sign with the GPUs, and one that does not is said.
func TestSwitches(t *testing.T) {
	const id = "203EB31AD9ED0008"
	sw, err := nvidiatest.NewSwitch(id)
	must(t, err)
	// linked gives a GPU one switch, and whether protected PCIe is on.
	linked := func(c *nvidiatest.Card, protected string) {
		links := make([]byte, 18*8)
		own, err := hex.DecodeString(id)
		must(t, err)
		slices.Reverse(own)
		copy(links, own)
		c.Opaque = append(c.Opaque, append([]byte{22, 0, 144, 0}, links...)...)
		c.Opaque = append(c.Opaque, append([]byte{21, 0, 1, 0}, protected...)...)
	}
	refuses := []nvml.Failure{{Fact: "evidence", Text: "report: not implemented (NSCQ error -1)", Unsupported: true}}
	for name, tt := range map[string]struct {
		protected string
		change    func(m *machine)
		state     facts.AttestationState
		check     string // and its code
		limit     string
	}{
		"signed, and not named back": {"\x55", func(*machine) {}, facts.AttestationFailed, "topology links", ""},
		"refused":                    {"\x55", func(m *machine) { m.answers.Switches[0] = nvml.Switch{UUID: "SWX-1", Failures: refuses} }, facts.AttestationVerified, "", "what NVSwitches measured is not known: report: not implemented (NSCQ error -1)"},
		"refused where they count":   {"\xAA", func(m *machine) { m.answers.Switches[0] = nvml.Switch{UUID: "SWX-1", Failures: refuses} }, facts.AttestationUnproven, "switches silent-switch", ""},
		"not asked":                  {"\x55", func(m *machine) { m.answers.Switches, m.answers.SwitchesUnasked = nil, new("no library") }, facts.AttestationVerified, "", "what NVSwitches measured is not known: no library"},
		"not asked where they count": {"\xAA", func(m *machine) { m.answers.Switches, m.answers.SwitchesUnasked = nil, new("no library") }, facts.AttestationUnproven, "switches silent-switch", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			for _, c := range m.cards {
				linked(c, tt.protected)
			}
			asked := gpuproof.Nonce(m.nonce, nil)
			m.sign(t, asked)
			report, err := sw.Report(asked)
			must(t, err)
			m.answers.Switches = []nvml.Switch{{UUID: "SWX-1", Evidence: &nvml.Evidence{Report: report, Chain: string(sw.Chain())}}}
			m.given.DeviceRoots.Data = append(m.given.DeviceRoots.Data, nvidia.PEM(sw.Signed.Root())...)
			tt.change(m)
			text, err := m.answers.Encode()
			must(t, err)
			list, silent, err := gpuproof.Collected(text)
			if err != nil || len(list)+len(silent) != 3 {
				t.Errorf("%d and %v: %v", len(list), silent, err)
			}
			p := m.verify(t, nil)
			if p.State != tt.state || len(p.Devices) != len(list) || slices.Contains(p.Limits, tt.limit) != (tt.limit != "") {
				t.Errorf("%s: %s; %v", p.State, p.Reason, p.Limits)
			}
			found := tt.check == ""
			for _, c := range p.Checks {
				found = found || c.Name+" "+c.Code == tt.check
			}
			if !found {
				t.Errorf("%+v", p.Checks)
			}
		})
	}
}

// TestAgree: what a card signed is held against the card at its place.
func TestAgree(t *testing.T) {
	for name, tt := range map[string]struct {
		change            func(*machine)
		agrees, disagrees string
	}{
		"all":            {func(*machine) {}, "chip-id driver vbios", ""},
		"another chip":   {func(m *machine) { m.answers.GPUs[0].PDI = new("0000000000000001") }, "driver vbios", "chip-id"},
		"another driver": {func(m *machine) { m.inv.Devices[0].Driver.Claims[0].Version = "1" }, "chip-id vbios", "driver"},
		"another VBIOS":  {func(m *machine) { m.inv.Devices[0].Firmware.Versions[0].Version = "1" }, "chip-id driver", "vbios"},
		"nothing known": {func(m *machine) {
			m.answers.GPUs[0].PDI, m.inv.Devices[0].Driver.Claims, m.inv.Devices[0].Firmware.Versions = nil, nil, nil
		}, "", ""},
		"exchanged": {func(m *machine) {
			g := m.answers.GPUs
			g[0].Evidence, g[1].Evidence = g[1].Evidence, g[0].Evidence
		}, "driver vbios", "chip-id"},
	} {
		m := newMachine(t)
		m.sign(t, gpuproof.Nonce(m.nonce, nil))
		tt.change(m)
		d := m.verify(t, nil).Devices[0]
		if a, b := strings.Join(d.Agrees, " "), strings.Join(d.Disagrees, " "); a != tt.agrees || b != tt.disagrees {
			t.Errorf("%s: agrees %q, disagrees %q", name, a, b)
		}
	}
}

// TestForRules: rules see of a card what it proves, and nothing that names it.
func TestForRules(t *testing.T) {
	m := newMachine(t)
	m.sign(t, gpuproof.Nonce(m.nonce, nil))
	p := m.verify(t, nil)
	a, b := p.ForRules(addresses[0]), p.ForRules(addresses[1])
	if len(a.Devices) != 1 || a.Nonce != "" || a.Devices[0].Key+a.Devices[0].ChipID+a.Devices[0].Address+a.Devices[0].Summary != "" || a.Devices[0].Outcome != b.Devices[0].Outcome {
		t.Errorf("%+v", a)
	}
	if host := p.ForRules(""); host.Devices != nil || host.Answered != 2 {
		t.Errorf("%+v", host)
	}
	if p.Devices[0].Key == "" || p.Devices[0].ChipID != nvidiatest.ChipID {
		t.Error("the report itself has them")
	}
	if (*facts.GPUProof)(nil).ForRules("") != nil {
		t.Error("nobody asked")
	}
}

// TestNonce: no two questions have one derived nonce.
func TestNonce(t *testing.T) {
	seen := map[string]string{}
	for name, n := range map[string][]byte{
		"bare": gpuproof.Nonce([]byte("aaaaaaaaaaaaaaaa"), nil), "another": gpuproof.Nonce([]byte("aaaaaaaaaaaaaaab"), nil),
		"key": gpuproof.Nonce([]byte("aaaaaaaaaaaaaaaa"), []byte("k")), "cut elsewhere": gpuproof.Nonce([]byte("aaaaaaaaaaaaaaaak"), nil),
	} {
		if len(n) != nvml.NonceBytes || seen[string(n)] != "" {
			t.Errorf("%s: %d bytes, as %q", name, len(n), seen[string(n)])
		}
		seen[string(n)] = name
	}
}

// BenchmarkVerify: a node of eight GPUs, manifests and certificates read once.
func BenchmarkVerify(b *testing.B) {
	m := newMachine(b)
	m.sign(b, gpuproof.Nonce(m.nonce, nil))
	believed, err := m.given.Open(now)
	must(b, err)
	for b.Loop() {
		p, err := gpuproof.Verify(gpuproof.Input{Answers: m.answers, Nonce: m.nonce, From: facts.NonceVerifier, Believed: believed}, m.inv)
		if err != nil || p.State != facts.AttestationVerified {
			b.Fatal(err, p)
		}
	}
}

// TestSameName: a manifest of the packed reference and another file of its name are two,
// and the one that counted is reported by its own digest.
func TestSameName(t *testing.T) {
	m := newMachine(t)
	m.sign(t, gpuproof.Nonce(m.nonce, nil))
	m.given.ManifestRoots.Data = nvidia.PEM(m.cards[0].Maker.Root()) // who packs believes another
	other, err := m.cards[1].Manifest(m.cards[1].Driver)
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := seal.NewSigner(key)
	must(t, err)
	public, err := signer.PublicKeyPEM()
	must(t, err)
	var packed bytes.Buffer
	_, err = collateral.Write(t.Context(), &packed, &collateral.Contents{Packed: now, Manifests: []*input.File{{Name: nvidiatest.DriverFile, Data: other}}},
		rim.Policy{Now: now, Roots: m.cards[1].Maker.Root()}, func(ctx context.Context, statement []byte) ([]byte, error) { return seal.Sign(ctx, statement, signer) })
	must(t, err)
	m.given.Collateral, m.given.CollateralKey = &input.File{Name: "c", Data: packed.Bytes()}, &input.File{Name: "k", Data: public}
	for _, d := range m.verify(t, nil).Devices {
		if d.State != facts.AttestationVerified || d.Manifests[0].SHA256 != input.SHA256(m.given.Manifests[nvidiatest.DriverFile]) {
			t.Errorf("%s, by %+v", d.Summary, d.Manifests[0])
		}
	}
}

// TestSomethingElse: a file that is no reference is refused, whoever gathered it.
func TestSomethingElse(t *testing.T) {
	for says, change := range map[string]func(*gpuproof.Given){
		"--rim: x.txt: no reference manifest": func(g *gpuproof.Given) { g.Manifests["x.txt"] = []byte("text") },
		"--ocsp: x.der: no OCSP answer":       func(g *gpuproof.Given) { g.Answers = input.Folder{"x.der": []byte("text")} },
	} {
		g := newMachine(t).given
		change(&g)
		if _, err := g.Open(now); err == nil || err.Error() != says {
			t.Errorf("%v, want %s", err, says)
		}
	}
}
