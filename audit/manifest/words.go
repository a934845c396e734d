package manifest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// String is the device in words: "1002:73ff board 1da2:e448 rev c1".
func (d Device) String() string {
	return fmt.Sprintf("%s:%s board %s:%s rev %s", d.VendorID, d.DeviceID, cmp.Or(d.SubsystemVendorID, "any"), cmp.Or(d.SubsystemDeviceID, "any"), cmp.Or(d.RevisionID, "any"))
}

// String is the entry with all of its digests.
func (f Firmware) String() string {
	words := []string{f.title()}
	for _, d := range f.digests() {
		words = append(words, d.name+" "+d.value)
	}
	return strings.Join(words, ", ")
}

// title names the entry without its digests.
func (f Firmware) title() string {
	s := f.Kind + " " + f.Version
	if f.File != "" {
		s = f.Kind + " " + f.File + " " + f.Version
	}
	if f.Part != "" {
		s += " part " + f.Part
	}
	return s
}

// named is a field of an entry and its value.
type named struct{ name, value string }

// digests are the digests that an entry states.
func (f Firmware) digests() []named {
	list := stated(named{"sha256", f.SHA256}, named{"sha384", f.SHA384}, named{"stable sha256", f.StableSHA256})
	for _, n := range [...]struct {
		name  string
		bytes int
	}{{"bytes", f.Bytes}, {"bytes before the first image", f.LeadBytes}} {
		if n.bytes != 0 {
			list = append(list, named{n.name, strconv.Itoa(n.bytes)})
		}
	}
	for i := range f.Parts {
		list = append(list, named{f.Parts[i].String(), f.Parts[i].SHA256})
	}
	for i, im := range f.Images {
		at := fmt.Sprintf("image %d ", i)
		list = append(list, stated(named{at + "code type", im.CodeType}, named{at + "sha256", im.SHA256},
			named{at + "sha384", im.SHA384}, named{at + "authenticode sha256", im.AuthenticodeSHA256}, named{at + "measured sha256", im.MeasuredSHA256})...)
	}
	return list
}

func stated(fields ...named) []named {
	var list []named
	for _, f := range fields {
		if f.value != "" {
			list = append(list, f)
		}
	}
	return list
}

// String is the build with its digest and oldest version.
func (d Driver) String() string {
	words := []string{d.title()}
	for _, f := range d.fields() {
		words = append(words, f.name+" "+f.value)
	}
	return strings.Join(words, ", ")
}

func (d Driver) title() string { return strings.TrimSpace(d.Module + " " + d.Version) }

func (d Driver) fields() []named {
	return stated(named{"sha256", d.SHA256}, named{"at least", d.MinimumVersion})
}

// String is the function's ids and class: "1002:ab28 class 040300".
func (f Function) String() string {
	return fmt.Sprintf("%s:%s class %s", f.VendorID, f.DeviceID, f.ClassCode)
}

// String is the window with its size: "window 1 of 256 MiB".
func (w Window) String() string {
	if w.Bytes%(1<<20) == 0 {
		return fmt.Sprintf("window %d of %d MiB", w.BAR, w.Bytes>>20)
	}
	return fmt.Sprintf("window %d of %d bytes", w.BAR, w.Bytes)
}

// String is the address, and the model of machine.
func (p Place) String() string {
	if p.Machine == "" {
		return p.Address
	}
	return p.Address + " of " + p.Machine
}

func mib(m int) string { return fmt.Sprintf("%d MiB", m) }
