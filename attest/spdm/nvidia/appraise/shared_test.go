package appraise

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
)

// A day when the signers of half of the published manifests were valid.
var day = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

// shared reads one of NVIDIA's own files, which are not part of this project.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "shared", "nvidia", name))
	if err != nil {
		t.Skipf("NVIDIA's samples are not here: %v", err)
	}
	return b
}

// published are all of NVIDIA's manifests that are here, the bad ones, too.
func published(t testing.TB) *Manifests {
	t.Helper()
	shared(t, "README.md")
	m := &Manifests{}
	names, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "..", "shared", "nvidia", "rim", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		is, err := m.Add(name, shared(t, "rim/"+filepath.Base(name)))
		if !is || err != nil {
			t.Fatalf("%s: %v %v", name, is, err)
		}
	}
	if m.Len() != 10 {
		t.Fatalf("%d manifests", m.Len())
	}
	return m
}

func evidence(t testing.TB, name, chain string) []nvidia.Evidence {
	t.Helper()
	list, err := nvidia.Read(name, shared(t, "evidence/"+name))
	if err != nil {
		t.Fatal(err)
	}
	if chain != "" {
		if list[0].Chain, err = nvidia.Chain(shared(t, "evidence/"+chain)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func judge(t testing.TB, list []nvidia.Evidence, m *Manifests, p Policy) *Report {
	t.Helper()
	if p.Device.Now.IsZero() {
		p.Device.Now = day
	}
	r, err := Appraise(list, m, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPublished: each published report gets the verdict that the index of the files
// states, against all published manifests.
func TestPublished(t *testing.T) {
	m := published(t)
	const tampered = "digest"
	for name, tt := range map[string]struct {
		file, chain string
		outcome     Outcome
		// references are the outcomes by kind, codes those of checks that do not pass.
		references map[string]Outcome
		codes      map[string]string
		compared   map[string]int
		differs    []int
		skipped    int
	}{
		"535": {"hopper_535.86.09_report.hex.txt", "hopper_535.86.09_chain.pem.txt", NoReference,
			map[string]Outcome{kindDriver: NoReference, kindVBIOS: Matches}, map[string]string{"driver-manifest": tampered, "vbios-manifest-validity": "expired"}, map[string]int{kindVBIOS: 12}, nil, 1},
		"550": {"hopper_550.90.07_report.hex.txt", "hopper_550.90.07_chain.pem.txt", NoReference,
			map[string]Outcome{kindDriver: NoReference, kindVBIOS: NoReference}, map[string]string{"driver-manifest": "no-reference", "vbios-manifest": "no-reference"}, nil, nil, 1},
		"580": {"hopper_580.159.03_report.hex.txt", "hopper_580.159.03_chain.pem.txt", Differs,
			map[string]Outcome{kindDriver: NoReference, kindVBIOS: Differs}, map[string]string{"driver-manifest": "no-reference", "vbios-measurements": "value"}, map[string]int{kindVBIOS: 12}, []int{9}, 1},
		"590": {"hopper_evidence.json", "", NoReference,
			map[string]Outcome{kindDriver: NoReference, kindVBIOS: NoReference}, map[string]string{"driver-manifest": "no-reference", "vbios-manifest": "no-reference"}, nil, nil, 1},
		"switch": {"switch_evidence_ls10.json", "", Matches,
			map[string]Outcome{kindSwitch: Matches}, map[string]string{"firmware-id": "not-reported"}, map[string]int{kindSwitch: 31}, nil, 0},
		"bad":      {"BAD_hopper_560.00_report_invalid_signature.hex.txt", "hopper_535.86.09_chain.pem.txt", NotGenuine, nil, map[string]string{"spdm-signature": "signature"}, nil, nil, 0},
		"no chain": {"nvdaod_620.12_report.hex.txt", "", NotVerifiable, nil, map[string]string{"spdm-signature": "no-certificate"}, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list := evidence(t, tt.file, tt.chain)
			r := judge(t, list, m, Policy{Device: spdm.Policy{Nonce: list[0].Transcript[4:36]}})
			a := r.Devices[0]
			if r.Outcome != tt.outcome || a.Outcome != tt.outcome || a.Summary == "" || len(r.Limits) != 3 {
				t.Errorf("%s: %s", r.Outcome, a.Summary)
			}
			if (a.Status == check.Pass) != (tt.outcome == Matches) || r.Status != a.Status {
				t.Errorf("%s %s: %+v", r.Status, a.Status, a.Checks)
			}
			for name, code := range tt.codes {
				if c := a.Checks.Find(name); c == nil || c.Code != code {
					t.Errorf("%s: %+v", name, c)
				}
			}
			got := map[string]Outcome{}
			var differs []int
			for _, ref := range a.References {
				got[ref.Kind] = ref.Outcome
				if ref.Compared != tt.compared[ref.Kind] || ref.Matched+len(ref.Differences) != ref.Compared {
					t.Errorf("%s: %d of %d", ref.Kind, ref.Matched, ref.Compared)
				}
				for _, d := range ref.Differences {
					differs = append(differs, d.Index)
					if d.Cause == "" || d.Next == "" || d.Offset == nil || *d.Offset != a.Measured.Block(d.Index+1).Offset {
						t.Errorf("%+v", d)
					}
				}
			}
			if len(got) != len(tt.references) || len(got) > 0 && !reflect.DeepEqual(got, tt.references) || !reflect.DeepEqual(differs, tt.differs) || len(a.Skipped) != tt.skipped {
				t.Errorf("%v, differs %v, skipped %v", got, differs, a.Skipped)
			}
			t.Log(a.Summary)
		})
	}
}

// TestPublishedTogether: four GPUs of one machine, and a switch that is there four times.
func TestPublishedTogether(t *testing.T) {
	m := published(t)
	list := evidence(t, "multi_gpu_hopper.json", "")
	r := judge(t, list, m, Policy{Device: spdm.Policy{Nonce: list[0].Transcript[4:36]}, Expected: 4})
	if len(r.Devices) != 4 || r.Outcome != NoReference || r.Checks.Status() != check.Pass {
		t.Errorf("%s: %+v", r.Outcome, r.Checks)
	}
	for _, a := range r.Devices {
		if a.Outcome != NoReference || a.Status != check.Unknown {
			t.Errorf("%s: %+v", a.Summary, a.Checks)
		}
	}
	sw := evidence(t, "switch_evidence_ls10.json", "")[0]
	r = judge(t, []nvidia.Evidence{sw, sw, sw, sw}, m, Policy{Device: spdm.Policy{Nonce: sw.Transcript[4:36]}, Expected: 4})
	if c := r.Checks.Find(CheckDevices); r.Status != check.Fail || c.Code != "duplicate-device" {
		t.Errorf("%+v", r.Checks)
	}
	sw.Label = "HOPPER"
	if r = judge(t, []nvidia.Evidence{sw}, m, Policy{}); r.Outcome != NotGenuine || r.Devices[0].Checks.Find(nvidia.CheckLabel).Code != "label" {
		t.Errorf("%+v", r.Devices[0].Checks)
	}
}
