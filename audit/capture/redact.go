package capture

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// redacted stands for a value that was taken out.
const redacted = "redacted"

// leftOut is the error of a source that redaction leaves out whole.
var leftOut error = &said{"left out by redaction", []error{collect.ErrNotRequested}}

var (
	// A UUID as text; NVIDIA prefixes the ids of GPUs and their instances.
	uuidText = regexp.MustCompile(`(?i)(?:\b(?:GPU|MIG)-)?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	// Six pairs of digits are a MAC address; longer runs are something else,
	// such as the key id of a module's signature.
	pairs = regexp.MustCompile(`(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,}\b`)
	// A line of a text file that names an identifying value.
	identityLine = regexp.MustCompile(`(?im)^([ \t]*(?:unique_id|hive_id|serial|serial[ _]?number|device serial|gpu uuid|uuid|hid_uniq)[ \t]*[:= \t][ \t]*)(\S.*?)([ \t\r]*)$`)
)

// nvmlIdentity is a member of NVML's answers that identifies a card.
var nvmlIdentity = regexp.MustCompile(`("(?:serial|uuid)": *)"[^"]*"`)

// identityFiles are attributes whose whole value identifies the machine or one
// of its parts.
var identityFiles = []string{
	"product_serial", "product_uuid", "board_serial", "chassis_serial", "board_asset_tag", "chassis_asset_tag",
	"unique_id", "serial", "serial_number", "uuid", "wwid", "hostname", "machine-id", "boot_id", "hostid",
}

// identitySwitches are kernel switches whose value is replaced.
var identitySwitches = []string{
	"root", "ip", "resume", "nfsroot", "cryptdevice", "cryptroot", "bootif", "ifname", "rd.znet", "nameserver", "hostname",
	"systemd.hostname", "systemd.machine_id", "rd.luks.name", "rd.luks.key", "rd.lvm.lv", "netroot", "iscsi_initiator", "boot",
}

// secretWords are words of a switch's name that make its value be replaced.
// Words, since iommu.passthrough is no pass phrase.
var secretWords = []string{"serial", "pass", "passwd", "password", "passphrase", "secret", "token", "key", "mac", "macaddr"}

// efiStates are the EFI variables that say how the machine boots; all others
// may name disks and networks.
var efiStates = []string{"SecureBoot", "SetupMode", "AuditMode", "DeployedMode", "PK", "KEK", "db", "dbx"}

// redact takes out of the plan what identifies the machine.
func (p *plan) redact() {
	values := p.identities()
	for key, c := range p.files {
		if isLeftOut(key) {
			delete(p.files, key)
			p.fails[fileKey{opOpen, key}] = fileFailure(leftOut)
			delete(p.fails, fileKey{opRead, key})
			continue
		}
		c.data = redactFile(key, c.data, values)
		p.files[key] = c
	}
	if _, ok := p.fails[fileKey{opOpen, eventLog}]; !ok {
		p.fails[fileKey{opOpen, eventLog}] = fileFailure(leftOut)
	}
	for at, a := range p.derived {
		a.data = redactText(a.data, values)
		if a.err != nil {
			a.err = redactError(a.err, values)
		}
		p.derived[at] = a
	}
	p.tpm = nil // a TPM's certificate is of one machine, and covers what is not here
	if p.nvml != nil {
		a := answer{redactText(nvmlIdentity.ReplaceAll(p.nvml.data, []byte(`${1}"`+redacted+`"`)), values), p.nvml.err}
		if a.err != nil {
			a.err = redactError(a.err, values)
		}
		p.nvml = &a
	}
	for at, a := range p.roms {
		if a.err != nil {
			a.err = redactError(a.err, values)
			p.roms[at] = a
		}
	}
	for k, f := range p.fails {
		f.Text = string(redactText([]byte(f.Text), values))
		p.fails[k] = f
	}
}

// redactError keeps an error's class and what it wraps, and replaces its text.
func redactError(err error, values []string) error {
	text := string(redactText([]byte(err.Error()), values))
	if text == err.Error() {
		return err
	}
	if c := classError(classOf(err)); c != nil {
		return &said{text, []error{c}}
	}
	return &said{text: text}
}

// identities are the values of identifying files that are peculiar enough to
// be looked for in other files as well: a serial number of eight bytes with a
// digit, not "Default string" and not "0".
func (p *plan) identities() []string {
	var values []string
	for key, c := range p.files {
		v := strings.TrimSpace(string(c.data))
		if isIdentity(key) && path.Base(key) != "hostname" && len(v) >= 8 && len(v) <= 128 && strings.ContainsAny(v, "0123456789") {
			values = append(values, v)
		}
	}
	// The longest first, so that one that holds another goes whole.
	slices.SortFunc(values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(values)
}

func isIdentity(key string) bool {
	base := path.Base(key)
	return slices.Contains(identityFiles, base) || base == "address" && strings.Contains(key, "/net/")
}

// isLeftOut says which files cannot be redacted in part.
func isLeftOut(key string) bool {
	base := path.Base(key)
	if dir, ok := strings.CutPrefix(key, "sys/firmware/efi/efivars/"); ok {
		name, _, _ := strings.Cut(dir, "-")
		return !slices.Contains(efiStates, name)
	}
	switch {
	case base == "vpd", base == "binary_bios_measurements", base == "ascii_bios_measurements", base == "MSDM",
		strings.HasPrefix(key, "sys/firmware/dmi/"), strings.HasPrefix(key, "proc/device-tree/"):
		return true
	}
	return false
}

func redactFile(key string, data []byte, values []string) []byte {
	switch base := path.Base(key); {
	case isIdentity(key):
		if len(bytes.TrimSpace(data)) == 0 {
			return data
		}
		return []byte(redacted + "\n")
	case base == "config" && strings.HasPrefix(key, "sys/devices/"), base == "config" && strings.HasPrefix(key, pciDevices+"/"):
		return redactConfig(data)
	case key == "proc/cmdline":
		return redactText(redactCommandLine(data), values)
	case strings.HasPrefix(key, "sys/firmware/efi/efivars/"):
		return data
	}
	return redactText(data, values)
}

// redactText replaces identifiers in text; other data is returned as it is.
func redactText(data []byte, values []string) []byte {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return data
	}
	data = identityLine.ReplaceAll(data, []byte("${1}"+redacted+"${3}"))
	data = uuidText.ReplaceAll(data, []byte(redacted))
	data = pairs.ReplaceAllFunc(data, func(m []byte) []byte {
		if len(m) != len("00:00:00:00:00:00") {
			return m
		}
		return []byte(redacted)
	})
	for _, v := range values {
		data = bytes.ReplaceAll(data, []byte(v), []byte(redacted))
	}
	return data
}

// redactCommandLine replaces the values of switches that name disks,
// addresses, hosts and secrets. A value in quotes may hold spaces.
func redactCommandLine(data []byte) []byte {
	var out strings.Builder
	for rest := string(data); rest != ""; {
		end, quoted := 0, false
		for end < len(rest) && (quoted || !strings.ContainsRune(" \t\n", rune(rest[end]))) {
			quoted = quoted != (rest[end] == '"')
			end++
		}
		name, _, valued := strings.Cut(rest[:end], "=")
		if valued && isIdentitySwitch(strings.ToLower(strings.Trim(name, `"`))) {
			out.WriteString(name + "=" + redacted)
		} else {
			out.WriteString(rest[:end])
		}
		if end < len(rest) {
			out.WriteByte(rest[end])
			end++
		}
		rest = rest[end:]
	}
	return []byte(out.String())
}

func isIdentitySwitch(name string) bool {
	if slices.Contains(identitySwitches, name) {
		return true
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("._-", r) })
	return strings.HasSuffix(name, "uuid") || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) })
}

// redactConfig zeroes the Device Serial Number capability of a PCI Express
// configuration space (PCI Express Base Specification 6.0, section 7.9.3: id
// 0003h, eight bytes after the header).
func redactConfig(data []byte) []byte {
	data = slices.Clone(data)
	seen := map[int]bool{}
	for at := 0x100; at >= 0x100 && at+4 <= len(data) && !seen[at]; {
		seen[at] = true
		id, next := int(data[at])|int(data[at+1])<<8, (int(data[at+2])>>4|int(data[at+3])<<4)&^3
		if id == 0x0003 {
			clear(data[min(at+4, len(data)):min(at+12, len(data))])
		}
		at = next
	}
	return data
}
