package manifest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// subjects are what the statement is about: every whole ROM, image and module
// that the predicate gives a digest of, each once, in order. cosign checks a
// file against them.
func (p *Predicate) subjects() []seal.Subject {
	var list []seal.Subject
	seen := map[string]bool{}
	add := func(name, sha256, sha384 string) {
		id := cmp.Or(sha256, sha384)
		if id == "" || seen[id] {
			return
		}
		seen[id] = true
		digest := map[string]string{}
		if sha256 != "" {
			digest["sha256"] = sha256
		}
		if sha384 != "" {
			digest["sha384"] = sha384
		}
		list = append(list, seal.Subject{Name: name, Digest: digest})
	}
	for _, f := range p.Firmware {
		name := "firmware " + f.Version
		if f.Kind == RuntimeFile {
			name = "firmware " + f.File
		}
		add(name, f.SHA256, f.SHA384)
		add(name+" stable digest", f.StableSHA256, "")
		for i, im := range f.Images {
			add(fmt.Sprintf("%s image %d", name, i), im.SHA256, im.SHA384)
		}
	}
	for _, d := range p.Drivers {
		add("module "+d.Module, d.SHA256, "")
	}
	if len(list) == 0 { // a manifest of memory sizes or functions is about the device ids
		add("devices", devicesDigest(p.Devices), "")
	}
	return list
}

// checkSubjects refuses a statement about a file that its predicate does not
// list: whoever checks a file by the subjects alone must not be told more than
// the predicate says. Fewer subjects are allowed, and any names: cosign
// attest-blob makes a statement about the one file that it is given.
func (p *Predicate) checkSubjects(subjects []seal.Subject) error {
	stated := map[string]map[string]string{}
	for _, s := range p.subjects() {
		for _, digest := range s.Digest {
			stated[digest] = s.Digest
		}
	}
	for i, s := range subjects {
		id := cmp.Or(s.Digest["sha256"], s.Digest["sha384"])
		digests, ok := stated[id]
		if !ok || id == "" {
			return fmt.Errorf("subject[%d] %.60q is none that the predicate lists: its sha256 is %.70q", i, s.Name, s.Digest["sha256"])
		}
		for algorithm, digest := range s.Digest {
			if digests[algorithm] != digest {
				return fmt.Errorf("subject[%d] %.60q has a digest %.20q that the predicate does not list", i, s.Name, algorithm)
			}
		}
	}
	return nil
}

func devicesDigest(devices []Device) string {
	text, err := json.Marshal(devices)
	if err != nil {
		return "" // strings always encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
