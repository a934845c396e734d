package capture

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Secret is a text that no redacted capture may hold, such as the name of the machine
// on which it is made.
type Secret struct {
	// Kind says in words what it is, for an error message that does not repeat it.
	Kind, Value string
}

// identityFiles are files whose whole content is of one machine or card. They are
// replaced or left out; what they say is looked for everywhere else.
var identityFiles = []string{
	"product_serial", "product_uuid", "board_serial", "chassis_serial", "board_asset_tag", "chassis_asset_tag",
	"unique_id", "serial_number", "hostname", "machine-id", "boot_id", "address",
}

// secrets are the values of such files, before redaction.
func (p *plan) secrets() []Secret {
	var list []Secret
	for _, key := range slices.Sorted(maps.Keys(p.files)) {
		if base := path.Base(key); slices.Contains(identityFiles, base) {
			list = append(list, Secret{"what " + base + " says", strings.TrimSpace(string(p.files[key].data))})
		}
	}
	return list
}

// The shortest text that is looked for, the shortest that is looked for inside of
// words, and inside of firmware, in which any few bytes may occur.
const (
	minSecret, minInside, minFirmware, maxSecret = 3, 6, 10, 256
)

// check refuses a capture in which one of the secrets is left: the last net below the
// table. A word that the table lets stay in names says nothing of who has it as a name.
func (p *plan) check(meta Meta, secrets []Secret) error {
	heads, err := p.heads(meta)
	if err != nil {
		return err
	}
	entries := maps.Clone(p.tree.nodes)
	maps.Copy(entries, heads)
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s Secret) bool { return !s.telling() })
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		n := entries[name]
		names, data := bytes.ToLower([]byte(name+"\x00"+n.target)), bytes.ToLower(n.data)
		for _, s := range secrets {
			where := name
			switch {
			case s.in(names, false):
				where = "a name"
			case s.in(data, isFirmware(name)):
			default:
				continue
			}
			return fmt.Errorf("redact: %s is left in %s, so no capture was written: please report it; without --redact, give the capture to nobody whom you do not trust", s.Kind, where)
		}
	}
	return nil
}

func isFirmware(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, romsName+"/") || base == "VFCT" || base == "amdgpu_vbios" || base == "vbios.rom"
}

// telling says that a text tells something: it is not short, no word that stays in
// any case, and not nothing but zeros.
func (s Secret) telling() bool {
	v := s.Value
	stays := words()[strings.ToLower(v)] || sysfsName.MatchString(v) || code.MatchString(v)
	return len(v) >= minSecret && len(v) <= maxSecret && strings.Trim(v, "0-:. ") != "" && !stays
}

// in says that a text is in data, which is in lower case: a short one and a number as
// a word, a longer one anywhere, and in firmware a long one only.
func (s Secret) in(data []byte, firmware bool) bool {
	if firmware && len(s.Value) < minFirmware {
		return false
	}
	want := []byte(strings.ToLower(s.Value))
	inside := len(want) >= minInside && !s.isNumber()
	for at := 0; ; {
		i := bytes.Index(data[at:], want)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(want)
		if inside || !wordByte(data, start-1) && !wordByte(data, end) {
			return true
		}
		at = start + 1
	}
}

// isNumber: 10.0.0.1 is no part of 10.0.0.12, and a serial number 00000001 none of
// every longer number; a long one is no accident.
func (s Secret) isNumber() bool {
	return len(s.Value) < 16 && strings.Trim(strings.ToLower(s.Value), "0123456789abcdef.") == ""
}

func wordByte(data []byte, at int) bool {
	if at < 0 || at >= len(data) {
		return false
	}
	c := data[at]
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z'
}
