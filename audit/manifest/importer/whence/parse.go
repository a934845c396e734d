package whence

import (
	"fmt"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// WHENCE is a text of sections, each about one driver, with lines "Key: value"
// among prose (linux-firmware.git, check_whence.py). The keys that matter here:
//
//	Driver: amdgpu - AMD Radeon          begins a section
//	File: amdgpu/navi23_sos.bin          a file; RawFile: is one that is never compressed
//	Version: 00.1d.00.42                 of the file before it
//	Link: amdgpu/a.bin -> b.bin          relative to the folder of the link
//
// A name with spaces in it is quoted.
const (
	whenceLimit = 8 << 20
	maxEntries  = 50_000
)

// entry is a file or, with a target, a link that WHENCE lists.
type entry struct {
	driver, name, target, version string
}

func parseWhence(text string) ([]entry, error) {
	var list []entry
	driver, last := "", -1
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "Driver":
			driver, _, _ = strings.Cut(value, " ")
			last = -1
		case "File", "RawFile":
			list = append(list, entry{driver: driver, name: unquote(value)})
			last = len(list) - 1
		case "Version":
			if last >= 0 && list[last].version == "" {
				list[last].version = importer.Text(value)
			}
		case "Link":
			name, target, ok := strings.Cut(value, " -> ")
			if !ok {
				return nil, fmt.Errorf("WHENCE: %w: link %.80q leads nowhere", importer.ErrMalformed, value)
			}
			name = unquote(name)
			list = append(list, entry{driver: driver, name: name, target: path.Join(path.Dir(name), unquote(target))})
		}
		if len(list) > maxEntries {
			return nil, fmt.Errorf("WHENCE: %w: more than %d entries", importer.ErrMalformed, maxEntries)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("WHENCE: %w: it lists no files", importer.ErrMalformed)
	}
	return list, nil
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"`) }
