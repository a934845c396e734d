package rules_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// named is a card and machine that state every name that a model leaves out.
func named() *facts.Facts {
	f := honest()
	f.Host.DMI.ProductSerial, f.Host.DMI.ProductUUID = new("S-1"), new("U-1")
	f.Host.EventLog = &inventory.FileDigest{Path: "binary_bios_measurements", Bytes: 1, SHA256: "ab"}
	f.Host.Kernel.Switches = append(f.Host.Kernel.Switches, inventory.Switch{Name: "BOOT_IMAGE", Value: new("/vmlinuz")})
	return f
}

// TestModelSaysTheSame: what the rules say of the model, they say of the facts
// with all names, which go the way of a plain document here. An engine judges
// all inputs, so that what it kept of one may come up for another.
func TestModelSaysTheSame(t *testing.T) {
	e := load(t)
	all := inputs()
	all["named"], all["named host"] = named(), hostOnly(named())
	for range 2 {
		for name, facts := range all {
			got, err := e.Evaluate(context.Background(), facts)
			if err != nil {
				t.Fatal(err)
			}
			want, err := e.Evaluate(context.Background(), document(t, facts))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the model is judged in another way:\n%v\nwant\n%v", name, got, want)
			}
		}
	}
}

// TestModelLeavesNamesOut: two units of a kind have one model, and their
// findings differ by fingerprint alone; another ROM is another model.
func TestModelLeavesNamesOut(t *testing.T) {
	a, b, other := named(), named(), named()
	b.Device.Identity[0].Value = "GPU-2"
	b.Host.DMI.ProductSerial, b.Host.DMI.ProductUUID, b.Host.EventLog.SHA256 = new("S-2"), new("U-2"), "cd"
	b.Host.Kernel.Switches[len(b.Host.Kernel.Switches)-1].Value = new("/vmlinuz-2")
	other.Device.Firmware.ROMs[0].SHA256 = "other"
	if !reflect.DeepEqual(a.Model(), b.Model()) {
		t.Errorf("models differ:\n%+v\n%+v", a.Model(), b.Model())
	}
	if reflect.DeepEqual(a.Model(), other.Model()) {
		t.Error("another ROM has the same model")
	}
	if a.Device.Identity[0].Value != "GPU-1" || *a.Host.DMI.ProductSerial != "S-1" || *a.Host.Kernel.Switches[2].Value != "/vmlinuz" {
		t.Error("making the model changed the facts")
	}
	e := load(t)
	first, err := e.Evaluate(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := e.Evaluate(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if first[i].Fingerprint == second[i].Fingerprint {
			t.Errorf("%s has one fingerprint for two cards", first[i].ID)
		}
		second[i].Fingerprint = first[i].Fingerprint
	}
	if !reflect.DeepEqual(first, second) {
		t.Error("two units of a kind are judged in two ways")
	}
}
