package capture

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

//go:embed words.txt
var wordList string

// words are those that may stay in names and free texts, in lower case.
var words = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	add := func(text string) {
		for _, w := range pieces(strings.ToLower(text)) {
			set[w] = true
		}
	}
	for line := range strings.Lines(wordList) {
		if !strings.HasPrefix(line, "#") {
			add(line)
		}
	}
	for _, name := range pci.DriverNames() {
		add(name)
	}
	return set
})

// pieces are the words of a text: what is between marks.
func pieces(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	})
}

var (
	// code is a short number, or one with a few letters about it: 4090, A100, gfx9, 80GB.
	code = lazyregexp.New(`^[A-Za-z]{0,2}[0-9]{1,4}[A-Za-z]{0,2}$|^[0-9]{1,6}$|^(?:deb|ubuntu|el|fc|bpo|dfsg|amzn|suse|lp|rc|git|beta)[0-9]{1,6}(?:[a-z]{1,2}[0-9]{1,3})?$`)
	// addressText is what looks like an address or an id, whatever its pieces are: a
	// UUID, six or more pairs of digits, four numbers with dots, an IPv6 address.
	addressText = lazyregexp.New(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}|::`)
	// sysfsName are the names that the kernel gives to devices by number.
	sysfsName = lazyregexp.New(`^(?:pci[0-9a-f]{4,8}:[0-9a-f]{2}|[0-9]{1,6}|` +
		`(?:card|renderD|controlD|accel|tpm|tpmrm|dmar|ivhd|virtio|usb|apex_?|neuron|hl|hl_controlD|hailo|node|event|fb)[0-9]{1,4}|` +
		`card[0-9]{1,3}-[A-Z][A-Za-z]{1,11}(?:-[A-Z])?-[0-9]{1,2}|` + // a connector
		`[0-9]{1,3}-[0-9]{1,2}(?:\.[0-9]{1,2}){0,5}(?::[0-9]{1,2}\.[0-9]{1,2})?|` + // at USB
		`[A-Z]{3,4}[0-9A-F]{4}:[0-9a-f]{2}|LNX[A-Z]{5}:[0-9]{2}|` + // ACPI
		`smmu3\.0x[0-9a-f]{4,16}|arm-smmu-v3\.[0-9]{1,3}\.auto|[0-9]{1,3}-[0-9]{1,3})$`)
	// placed is a device of a device tree: address and kind.
	placed = lazyregexp.New(`^[0-9a-f]{4,9}[.@]([a-z][a-z0-9]{1,12})(?:\.[0-9]{1,3})?$`)
	// efiName is a variable of the two GUIDs that UEFI publishes.
	efiName = lazyregexp.New(`^([A-Za-z]{2,14})-(?:8be4df61-93ca-11d2-aa0d-00e098032b8c|d719b2cb-3d3a-4596-a3bc-dad00e67656f)$`)
)

// public says that a text has no word in it that could be a name that somebody gave.
func public(text string) bool {
	if addressText.MatchString(text) {
		return false
	}
	known := words()
	for _, w := range pieces(text) {
		w = strings.ToLower(w)
		stem := strings.TrimRight(w, "0123456789") // navi10
		if !known[w] && !(known[stem] && len(w)-len(stem) <= 3) && !code.MatchString(w) {
			return false
		}
	}
	return true
}

// publicName says the same of an element of a path.
func publicName(name string) bool {
	if inventory.ValidAddress(name) || sysfsName.MatchString(name) {
		return true
	}
	if m := placed.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	if m := efiName.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	return public(name)
}

// renamer gives every name that is not public another one, always the same, so that
// links and lists still fit each other.
type renamer struct {
	kernel [2]string // the running kernel's release, and what stands for it
	other  map[string]string
}

// newRenamer numbers the names in their order.
func newRenamer(release string, names map[string]bool) *renamer {
	r := &renamer{kernel: [2]string{release, keptRelease(release)}, other: map[string]string{}}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if n == release || publicName(n) {
			continue
		}
		to := fmt.Sprintf("redacted%d", len(r.other)+1)
		if strings.Contains(n, ":") {
			to += ":" // what has one is no attribute of a driver
		}
		for _, suffix := range [...]string{".ko", ".ko.xz", ".ko.zst", ".ko.gz", "_fw_version", "_err_count"} {
			if strings.HasSuffix(n, suffix) {
				to += suffix
			}
		}
		r.other[n] = to
	}
	return r
}

// name is one element; path a path, or the target of a link.
func (r *renamer) name(n string) string {
	switch {
	case n == r.kernel[0] && n != "":
		return r.kernel[1]
	case n == "" || n == "." || n == ".." || publicName(n):
		return n
	}
	if to, ok := r.other[n]; ok {
		return to
	}
	return redacted
}

func (r *renamer) path(p string) string {
	elements := strings.Split(p, "/")
	for i, e := range elements {
		elements[i] = r.name(e)
	}
	return strings.Join(elements, "/")
}

// releaseForm is the number at the beginning of a kernel's release.
var releaseForm = lazyregexp.New(`^[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}`)

// keptRelease is a kernel's release without what its builder called it.
func keptRelease(release string) string {
	number := releaseForm.FindString(release)
	switch {
	case number == "" || addressText.MatchString(release):
		return redacted
	case len(release) <= 64 && public(strings.TrimPrefix(release, number)):
		return release
	}
	return number + "-" + redacted
}

// area is a path in the form that the table has: a PCI function's own files are
// under F, and other devices that have a class under it.
func area(key string) string {
	if rest, ok := strings.CutPrefix(key, "sys/devices/virtual/"); ok {
		if dmi, ok := strings.CutPrefix(rest, "dmi/id/"); ok {
			return "sys/class/dmi/id/" + dmi
		}
		if kfd, ok := strings.CutPrefix(rest, "kfd/kfd/"); ok {
			return "sys/class/kfd/kfd/" + kfd
		}
	}
	if path.Base(key) == "tpm_version_major" && strings.HasPrefix(key, "sys/devices/") {
		return "sys/class/tpm/tpm0/tpm_version_major"
	}
	if !strings.HasPrefix(key, "sys/devices/") && !strings.HasPrefix(key, pciDevices+"/") {
		return key
	}
	elements := strings.Split(key, "/")
	for i := len(elements) - 1; i > 1; i-- {
		if inventory.ValidAddress(elements[i]) {
			return path.Join(append([]string{"F"}, elements[i+1:]...)...)
		}
	}
	return key
}
